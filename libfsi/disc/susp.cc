#include "libfsi/disc/susp.h"
