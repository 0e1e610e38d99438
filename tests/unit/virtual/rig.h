// What the tests of the virtual drive share: a registry of its own directory, a drive in it, and command blocks written
// out by hand, for the code that writes them in earnest is not to be trusted here.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "libfsi/base/error.h"
#include "librecorder/scsi/capacity.h"
#include "librecorder/scsi/disc_information.h"
#include "librecorder/scsi/feature.h"
#include "librecorder/scsi/mode_page.h"
#include "librecorder/virtual/drive.h"
#include "librecorder/virtual/registry.h"

namespace rec::virt {

class Rig : public testing::Test {
 protected:
  Rig() {
    std::string name = testing::TempDir() + "discpress-virtual-XXXXXX";
    directory_ = ::mkdtemp(name.data());
    registry_ = std::make_unique<Registry>(directory_);
  }
  ~Rig() override {
    drive_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  Registry& registry() { return *registry_; }
  const std::filesystem::path& directory() const { return directory_; }
  VirtualDrive& drive() { return *drive_; }

  /// A drive called "d" with this medium, open and past its unit attentions.
  void start(const std::string& medium, uint32_t capacity = 0, const DriveOptions& options = {}) {
    registry().add("d", medium, options, {.capacity = capacity});
    open();
    while (run({0x00}).sense.key == 6) {
    }
  }
  void open() {
    drive_.reset();
    drive_ = std::unique_ptr<VirtualDrive>(static_cast<VirtualDrive*>(registry().open("d").release()));
  }
  void close() { drive_.reset(); }

  Answer run(std::initializer_list<uint8_t> cdb) { return drive().execute(Command{.cdb = whole(cdb)}); }
  Answer send(std::initializer_list<uint8_t> cdb, std::span<const std::byte> out) {
    return drive().execute(Command{.cdb = whole(cdb), .direction = Direction::to_drive, .in = {}, .out = out});
  }
  Answer receive(std::initializer_list<uint8_t> cdb, std::span<std::byte> in) {
    return drive().execute(Command{.cdb = whole(cdb), .direction = Direction::from_drive, .in = in});
  }
  /// What a command that must succeed returns.
  std::vector<std::byte> ask(std::initializer_list<uint8_t> cdb, size_t bytes) {
    std::vector<std::byte> in(bytes);
    const Answer answer = receive(cdb, in);
    EXPECT_TRUE(answer.good()) << sense_text(answer.sense) << answer.transport;
    in.resize(bytes - answer.residual);
    return in;
  }
  template <class Record>
  Record ask_record(std::initializer_list<uint8_t> cdb) {
    const auto bytes = ask(cdb, sizeof(Record));
    Record record;
    std::copy_n(bytes.begin(), std::min(bytes.size(), sizeof record), reinterpret_cast<std::byte*>(&record));
    return record;
  }

  static std::vector<std::byte> pattern(uint32_t lba, uint32_t blocks) {
    std::vector<std::byte> bytes(size_t{blocks} * 2048);
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>((lba + i / 2048) * 7 + i % 2048 * 13 + 1);
    return bytes;
  }
  Answer write(uint32_t lba, uint32_t blocks) {
    const auto bytes = pattern(lba, blocks);
    return send({0x2A, 0, b(lba, 3), b(lba, 2), b(lba, 1), b(lba, 0), 0, b(blocks, 1), b(blocks, 0), 0}, bytes);
  }
  /// Writes `blocks` in WRITEs of at most 32.
  void fill(uint32_t lba, uint32_t blocks) {
    while (blocks != 0) {
      const uint32_t now = std::min(blocks, 32u);
      const Answer answer = write(lba, now);
      ASSERT_TRUE(answer.good()) << "at " << lba << ": " << sense_text(answer.sense) << answer.transport;
      lba += now;
      blocks -= now;
    }
  }
  Answer read(uint32_t lba, uint32_t blocks, std::vector<std::byte>* into = nullptr) {
    std::vector<std::byte> bytes(size_t{blocks} * 2048);
    const Answer answer = receive({0x28, 0, b(lba, 3), b(lba, 2), b(lba, 1), b(lba, 0), 0, b(blocks, 1), b(blocks, 0), 0}, bytes);
    if (into) *into = std::move(bytes);
    return answer;
  }
  void expect_readable(uint32_t lba, uint32_t blocks) {
    for (uint32_t done = 0; done < blocks;) {
      const uint32_t now = std::min(blocks - done, 32u);
      std::vector<std::byte> bytes;
      const Answer answer = read(lba + done, now, &bytes);
      ASSERT_TRUE(answer.good()) << "at " << lba + done << ": " << sense_text(answer.sense);
      ASSERT_EQ(bytes, pattern(lba + done, now)) << "at " << lba + done;
      done += now;
    }
  }

  DiscInformation disc_information() { return ask_record<DiscInformation>({0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0}); }
  TrackInformation track(uint8_t number) { return ask_record<TrackInformation>({0x52, 1, 0, 0, 0, number, 0, 0, 48, 0}); }
  uint32_t last_lba() { return ask_record<ReadCapacityData>({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}).last_lba; }
  uint16_t profile() { return ask_record<FeatureHeader>({0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0}).current_profile; }

  Answer synchronize() { return run({0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}); }
  Answer close_with(uint8_t function, uint16_t number = 0, bool immediate = false) {
    return drive().execute(
        Command{.cdb = whole({0x5B, immediate, function, 0, b(number, 1), b(number, 0), 0, 0, 0, 0}), .timeout = std::chrono::hours(1)});
  }
  /// Page 05 by MODE SELECT(10).
  Answer set_write_parameters(const WriteParameters& page) {
    std::vector<std::byte> list(8);
    append(list, page);
    return send({0x55, 0x10, 0, 0, 0, 0, 0, 0, static_cast<uint8_t>(list.size()), 0}, list);
  }
  static WriteParameters track_at_once(bool next_session = false) {
    WriteParameters page;
    page.write_type_flags = WriteParameters::kBufferUnderrunFree | WriteParameters::track_at_once;
    page.track_mode_flags = (next_session ? WriteParameters::next_session : WriteParameters::no_next_session) | kControlData;
    page.block_type = WriteParameters::mode1;
    page.audio_pause_length = 150;
    return page;
  }

  static uint8_t b(uint32_t value, int byte) { return static_cast<uint8_t>(value >> (8 * byte)); }

 private:
  static Cdb whole(std::initializer_list<uint8_t> list) { return Cdb(list); }

  std::filesystem::path directory_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<VirtualDrive> drive_;
};

/// EXPECT_TRUE(sensed(answer, 5, 0x21, 2)), with the sense in the message.
inline testing::AssertionResult sensed(const Answer& answer, uint8_t key, uint8_t asc, uint8_t ascq) {
  if (answer.outcome == Outcome::check && answer.sense.is(key, asc, ascq)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "outcome " << int(answer.outcome) << ", " << sense_text(answer.sense) << " " << answer.transport;
}
inline testing::AssertionResult good(const Answer& answer) {
  if (answer.good()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "outcome " << int(answer.outcome) << ", " << sense_text(answer.sense) << " " << answer.transport;
}

/// Runs `action`, which must throw an Error whose text contains `words`.
template <class Action>
void expect_error(Action action, fsi::ErrorKind kind, const std::string& words) {
  try {
    action();
    FAIL() << "nothing was thrown; expected: " << words;
  } catch (const fsi::Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_THAT(error.what(), testing::HasSubstr(words));
  }
}

}  // namespace rec::virt
