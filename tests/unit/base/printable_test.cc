#include <gtest/gtest.h>

#include "libfsi/base/error.h"

namespace fsi {
namespace {

TEST(Printable, LeavesTextAloneAndShowsTheRest) {
  EXPECT_EQ(printable("a Ä € 😀"), "a Ä € 😀");
  EXPECT_EQ(printable("\n\x1b[2J\x7f"), "\\x0A\\x1B[2J\\x7F");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J"),
            "\\xC2\\x9B2J");  // CSI of the second set of controls
  EXPECT_EQ(printable("\xC2\xA0"), "\xC2\xA0");
  EXPECT_EQ(printable("\xE0\x9F\xBE"), "\\xE0\\x9F\\xBE");  // longer than it need be
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xED\\xA0\\x80");  // a surrogate
  EXPECT_EQ(printable("\xF0\x8F\xBF\xBF"), "\\xF0\\x8F\\xBF\\xBF");
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80");  // behind U+10FFFF
  EXPECT_EQ(printable("\xE2\x82"), "\\xE2\\x82");
}

}  // namespace
}  // namespace fsi
