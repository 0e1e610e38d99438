#include "libfsi/disc/iso9660.h"
