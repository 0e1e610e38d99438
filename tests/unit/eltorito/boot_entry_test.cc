#include "libfsi/eltorito/boot_entry.h"

#include <gtest/gtest.h>

#include "libfsi/base/error.h"

namespace fsi {
namespace {

TEST(BootEntryText, EveryWordIsUnderstood) {
  const BootEntry entry =
      parse_boot_entry("isolinux/isolinux.bin,platform=bios,emulation=none,load-size=4,load-segment=0x7c0,id=me,info-table,grub2");
  EXPECT_EQ(entry.image, "isolinux/isolinux.bin");
  EXPECT_FALSE(entry.of_host);
  EXPECT_EQ(entry.platform, 0);
  EXPECT_EQ(entry.emulation, Emulation::none);
  EXPECT_EQ(entry.load_size, 4);
  EXPECT_EQ(entry.load_segment, 0x7C0);
  EXPECT_EQ(entry.id, "me");
  EXPECT_TRUE(entry.info_table);
  EXPECT_TRUE(entry.grub2);
}

TEST(BootEntryText, HostFilesAndProtectedCommas) {
  const BootEntry entry = parse_boot_entry("@/tmp/a\\,b\\\\c,platform=efi");
  EXPECT_TRUE(entry.of_host);
  EXPECT_EQ(entry.image, "/tmp/a,b\\c");
  EXPECT_TRUE(entry.is_efi());
  EXPECT_EQ(parse_boot_entry("a,platform=0x1").platform, 1);
}

TEST(BootEntryText, WhatCannotBeIsRefusedInOneLine) {
  for (const char* text : {"",
                           "@",
                           ",platform=efi",
                           "a,platform=amiga",
                           "a,platform=",
                           "a,platform",
                           "a,load-size=65536",
                           "a,load-size=4x",
                           "a,load-size=-1",
                           "a,load-size=",
                           "a,load-size=0",
                           "a,emulation=tape",
                           "a,info-table=yes",
                           "a,colour=red",
                           "a,,grub2",
                           "a,id=1234567890123456789012345",
                           "a,platform=efi,emulation=floppy",
                           "a,emulation=hd,info-table",
                           "a,emulation=floppy,load-size=4",
                           "a,platform=256",
                           "a,id=\x01"})
    try {
      parse_boot_entry(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << text;
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
}

}  // namespace
}  // namespace fsi
