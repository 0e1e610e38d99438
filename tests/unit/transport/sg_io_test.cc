// The decoding of what the kernel says about a command, and the refusals of opening.
#include "librecorder/transport/sg_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "libfsi/base/error.h"

namespace rec {
namespace {

using testing::HasSubstr;

constexpr std::array<std::byte, 18> kLongWrite{
    std::byte{0x70}, {}, std::byte{0x02}, {}, {}, {}, {}, std::byte{10}, {}, {}, {}, {}, std::byte{0x04}, std::byte{0x08}};

TEST(SgIo, GoodKeepsTheResidual) {
  const Answer answer = answer_of({.residual = 100}, 2048);
  EXPECT_TRUE(answer.good());
  EXPECT_EQ(answer.residual, 100u);
}

TEST(SgIo, AResidualOutsideOfTheBufferIsCutToIt) {
  EXPECT_EQ(answer_of({.residual = -5}, 2048).residual, 0u);
  EXPECT_EQ(answer_of({.residual = 5000}, 2048).residual, 2048u);
}

TEST(SgIo, CheckConditionCarriesTheSense) {
  const Answer answer = answer_of({.status = 0x02, .driver_status = 0x08, .sense = kLongWrite}, 0);
  EXPECT_EQ(answer.outcome, Outcome::check);
  EXPECT_TRUE(answer.sense.is(2, 4, 8));
}

TEST(SgIo, DriverSenseWithoutStatusIsACheck) {
  EXPECT_EQ(answer_of({.driver_status = 0x08, .sense = kLongWrite}, 0).outcome, Outcome::check);
  EXPECT_EQ(answer_of({.driver_status = 0x28, .sense = kLongWrite}, 0).outcome, Outcome::check) << "the upper nibble is a suggestion";
}

TEST(SgIo, HostAndDriverStatusBecomeOutcomes) {
  EXPECT_EQ(answer_of({.host_status = 0x01}, 0).outcome, Outcome::gone);
  EXPECT_EQ(answer_of({.host_status = 0x04}, 0).outcome, Outcome::gone);
  EXPECT_EQ(answer_of({.host_status = 0x03}, 0).outcome, Outcome::timeout);
  EXPECT_EQ(answer_of({.driver_status = 0x06}, 0).outcome, Outcome::timeout);
  EXPECT_EQ(answer_of({.host_status = 0x07}, 0).outcome, Outcome::transport_error);
  EXPECT_THAT(answer_of({.host_status = 0x07}, 0).transport, HasSubstr("0x07"));
  EXPECT_EQ(answer_of({.driver_status = 0x04}, 0).outcome, Outcome::transport_error);
}

TEST(SgIo, BusyStatusesAreBusy) {
  for (const uint8_t status : {0x08, 0x18, 0x28}) EXPECT_EQ(answer_of({.status = status}, 0).outcome, Outcome::busy);
  EXPECT_EQ(answer_of({.status = 0x40}, 0).outcome, Outcome::good) << "bit 6 is not part of the status";
  EXPECT_EQ(answer_of({.status = 0x30}, 0).outcome, Outcome::transport_error);
}

TEST(SgIo, WhatIsNotADriveIsRefusedInWords) {
  try {
    SgIo drive("/dev/null");
    FAIL() << "opened";
  } catch (const fsi::Error& error) {
    EXPECT_EQ(error.kind(), fsi::ErrorKind::unsuitable);
    EXPECT_THAT(error.what(), HasSubstr("does not take SCSI commands"));
  }
  try {
    SgIo drive("/dev/sr-nowhere");
    FAIL() << "opened";
  } catch (const fsi::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no such drive"));
  }
}

}  // namespace
}  // namespace rec
