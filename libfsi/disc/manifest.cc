// The dictionary holds structures only; this file makes sure that the header stands alone.
#include "libfsi/disc/manifest.h"
