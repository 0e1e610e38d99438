#include <gtest/gtest.h>

#include "libfsi/base/error.h"
#include "libfsi/hybrid/efi_partition.h"
#include "libfsi/source/builder.h"

namespace fsi {
namespace {

SourceTree tree_of(const std::vector<uint64_t>& sizes) {
  TreeBuilder builder{ScanOptions{}};
  for (size_t i = 0; i < sizes.size(); ++i)
    builder.add_callback("EFI/f" + std::to_string(i), sizes[i], [](uint64_t, std::span<std::byte>) -> size_t { return 0; });
  return builder.finish();
}

TEST(FatShape, SmallOnesAreWholeMebibytes) {
  const FatShape shape = shape_fat(tree_of({500000}));
  EXPECT_EQ(shape.sectors % 2048, 0u);
  EXPECT_EQ(shape.sectors_per_cluster, 4u);
  EXPECT_FALSE(shape.fat32);
}

TEST(FatShape, ClustersGrowUntilFat32) {
  for (const uint64_t mib : {1u, 100u, 300u, 1000u, 1800u, 3000u}) {
    const uint64_t bytes = mib << 20;
    const FatShape shape = shape_fat(tree_of({bytes}));
    const uint64_t clusters = shape.sectors / shape.sectors_per_cluster;
    EXPECT_GT(shape.sectors * 512, bytes);
    EXPECT_EQ(shape.fat32, clusters >= 65525) << mib;
    EXPECT_LE(shape.sectors_per_cluster, 64u);
  }
}

TEST(FatShape, WhatFatCannotHold) { EXPECT_THROW(shape_fat(tree_of({uint64_t{4} << 30})), Error); }

}  // namespace
}  // namespace fsi
