// DVD-RAM and BD-RE: random access, no closing, spare areas for bad spots. A DVD-RAM leaves the factory formatted, a BD-RE
// does not.
#include <algorithm>

#include "librecorder/virtual/dvd_structure.h"
#include "librecorder/virtual/overwritable.h"
#include "librecorder/virtual/spare_areas.h"

namespace rec::virt {
namespace {

using namespace std::chrono_literals;
using State = Format::State;

bool is(const FormatRequest& request, FormatType type) { return request.type == static_cast<uint8_t>(type); }

class RandomMedium : public OverwritableMedium {
 public:
  explicit RandomMedium(Disc& disc) : OverwritableMedium(disc, 1) {}

  // There is nothing that could be closed.
  Duration close(uint8_t, uint16_t, const WriteParameters&) override { refuse(5, 0x2C, 0x00); }

 protected:
  bool random(Feature feature) const {
    switch (feature) {
      case Feature::random_readable:
      case Feature::formattable: return true;
      case Feature::random_writable: return disc_.formatted();
      case Feature::defect_management: return disc_.format.spares;
      default: return false;
    }
  }
  /// Certifying writes and reads every sector.
  Duration certified(uint32_t blocks) const { return 60s + time_for(uint64_t{blocks} * 2, disc_.type->speeds[3]); }
  void make(uint32_t blocks, bool spares, bool certify) {
    const uint32_t written_to = disc_.tracks.empty() ? 0 : disc_.tracks[0].written_to;
    formatted(State::complete, blocks, spares);
    if (certify)
      erased_ = true;
    else
      disc_.tracks[0].written_to = std::min(written_to, blocks);  // a quick format leaves the data
  }
};

class DvdRam final : public RandomMedium {
 public:
  using RandomMedium::RandomMedium;

  bool current(Feature feature) const override { return feature == Feature::dvd_read || random(feature); }
  std::vector<FormattableCapacity> formattable() const override { return {{disc_.capacity, static_cast<uint8_t>(FormatType::full), 0}}; }
  Bytes disc_structure(StructureMedia media, uint32_t, uint8_t, uint8_t format) const override {
    if (media != StructureMedia::dvd) refuse_cdb(1);
    return dvd_structure(disc_, {0x16, false}, format);
  }
  Duration format(const FormatRequest& request) override {
    if (!is(request, FormatType::full) || request.subtype) refuse_parameter(8);
    if (request.blocks != disc_.capacity) refuse_parameter(4);
    const bool certify = !(request.flags & FormatList::kDisableCertification);
    make(request.blocks, true, certify);
    return certify ? certified(request.blocks) : 30s;
  }
};

class BdRe final : public RandomMedium {
 public:
  using RandomMedium::RandomMedium;

  bool current(Feature feature) const override { return feature == Feature::bd_read || feature == Feature::bd_write || random(feature); }
  std::vector<FormattableCapacity> formattable() const override {
    const auto entry = [](uint32_t blocks, FormatType type) {
      return FormattableCapacity{blocks, static_cast<uint8_t>(static_cast<uint8_t>(type) << 2), 0};
    };
    std::vector<FormattableCapacity> list{entry(disc_.capacity - spare_sizes(disc_).usual, FormatType::full)};
    for (const auto& choice : spare_choices(disc_, FormatType::bd_re_spares)) list.push_back(choice);
    list.push_back(entry(disc_.capacity, FormatType::bd_re_no_spares));
    return list;
  }
  Bytes disc_structure(StructureMedia media, uint32_t, uint8_t, uint8_t format) const override {
    if (media != StructureMedia::bd) refuse_cdb(1);
    return bd_structure(disc_, "BDW", format);
  }
  Duration format(const FormatRequest& request) override {
    constexpr uint8_t kFull = 2;  // of the certifications; the others look at less, or at nothing
    const bool chosen = is(request, FormatType::bd_re_spares), none = is(request, FormatType::bd_re_no_spares);
    if (!chosen && !none && !is(request, FormatType::full)) refuse_parameter(8);
    if (request.subtype && !chosen && !none) refuse_parameter(8);
    const auto blocks = none     ? disc_.capacity
                        : chosen ? capacity_with_spares(disc_, request.blocks)
                                 : disc_.capacity - spare_sizes(disc_).usual;
    if (!blocks || (!chosen && request.blocks != *blocks)) refuse_parameter(4);
    const bool certify = request.subtype == kFull;
    make(*blocks, !none, certify);
    return certify ? certified(*blocks) : 30s;
  }
};

}  // namespace

std::unique_ptr<Medium> make_dvd_ram(Disc& disc) { return std::make_unique<DvdRam>(disc); }
std::unique_ptr<Medium> make_bd_re(Disc& disc) { return std::make_unique<BdRe>(disc); }

}  // namespace rec::virt
