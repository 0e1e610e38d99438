#include "libfsi/disc/manifest.h"
