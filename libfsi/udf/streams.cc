#include "libfsi/udf/streams.h"

#include <algorithm>
#include <cstring>

#include "libfsi/udf/allocation.h"
#include "libfsi/udf/file_identifier.h"

namespace fsi::udf {

uint64_t Streams::prepare(uint64_t first_block) {
  if (!form_.extended) return first_block;  // file entries know no streams; the writer says so
  const size_t room = icb_room(form_);
  for (size_t i = 0; i < tree_.streams.size();) {
    Group group;
    group.node = tree_.streams[i].node;
    group.stream = static_cast<uint32_t>(i);
    for (; i < tree_.streams.size() && tree_.streams[i].node == group.node; ++i) {
      ++group.count;
      group.bytes += tree_.streams[i].bytes;
      if (tree_.streams[i].bytes > room) overflow_.add_stream(i);
    }
    name(group);
    group.identifiers = kParentBytes;
    Identifier identifier;
    for (uint32_t k = 0; k < group.count; ++k) {
      make(group.stream + k, identifier);
      group.identifiers += file_identifier_bytes(identifier.size());
    }
    group.first_block = static_cast<uint32_t>(std::min<uint64_t>(first_block, UINT32_MAX));  // the file set refuses what is beyond
    first_block += blocks(group);
    groups_.push_back(group);
  }
  return first_block;
}

uint64_t Streams::identifier_blocks(const Group& group) const {
  return group.identifiers <= icb_room(form_) ? 0 : sectors_for(group.identifiers);
}

// Of names that collide those that are recorded as they are keep theirs.
void Streams::name(const Group& group) {
  std::vector<NameRequest> requests;
  std::vector<uint32_t> others;
  Identifier recorded;
  for (uint32_t i = group.stream; i < group.stream + group.count; ++i) {
    const std::string_view name = tree_.str(tree_.streams[i].name);
    shape_.make(name, false, 0, recorded);
    if (!shape_.faithful(name, recorded.view())) others.push_back(i);
  }
  if (others.empty()) return;
  changed_.insert(changed_.end(), others.begin(), others.end());
  std::vector<uint32_t> by_rank;
  for (uint32_t i = group.stream; i < group.stream + group.count; ++i)
    if (!std::binary_search(others.begin(), others.end(), i)) by_rank.push_back(i);
  by_rank.insert(by_rank.end(), others.begin(), others.end());
  for (uint32_t rank = 0; rank < by_rank.size(); ++rank) requests.push_back({tree_.str(tree_.streams[by_rank[rank]].name), rank, false});
  std::vector<uint32_t> order(requests.size());
  Serials given;
  UniqueNames(shape_).arrange(requests, order, given);
  const auto before = static_cast<ptrdiff_t>(serials_.size());
  for (const auto& [rank, serial] : given) serials_.emplace_back(by_rank[rank], serial);
  std::sort(serials_.begin() + before, serials_.end());
}

void Streams::make(size_t index, Identifier& out) const {
  const auto at = std::lower_bound(serials_.begin(), serials_.end(), std::pair<uint32_t, uint32_t>(static_cast<uint32_t>(index), 0));
  const uint32_t serial = at != serials_.end() && at->first == index ? at->second : 0;
  shape_.make(tree_.str(tree_.streams[index].name), false, serial, out);
}

void Streams::for_each_changed(const std::function<void(size_t, std::string_view)>& changed) const {
  Identifier identifier;
  for (const uint32_t index : changed_) {
    make(index, identifier);
    changed(index, cs0_to_utf8(identifier.view()));
  }
}

std::optional<Streams::Summary> Streams::of(NodeId leader) const {
  const auto at =
      std::lower_bound(groups_.begin(), groups_.end(), leader, [](const Group& group, NodeId wanted) { return group.node < wanted; });
  if (at == groups_.end() || at->node != leader) return {};
  return Summary{at->first_block, at->bytes};
}

void Streams::render(uint64_t first, std::span<std::byte> out, const std::function<Owner(NodeId)>& owner) const {
  const uint64_t end = first + out.size() / kSectorSize;
  auto at = std::upper_bound(groups_.begin(), groups_.end(), first,
                             [](uint64_t wanted, const Group& group) { return wanted < group.first_block; });
  if (at != groups_.begin()) --at;
  for (; at != groups_.end() && at->first_block < end; ++at) {
    const uint64_t from = std::max<uint64_t>(first, at->first_block), to = std::min(end, at->first_block + blocks(*at));
    if (from < to) render_group(*at, owner(at->node), from, out.subspan((from - first) * kSectorSize, (to - from) * kSectorSize));
  }
}

// All of UDF 3.3.5.1: the unique id of the file is that of its stream directory and of its streams; these have no streams and
// no attributes of their own; a stream has one name, a stream directory none (its link count is 0, ECMA-167 4/14.9.6).
void Streams::render_group(const Group& group, const Owner& owner, uint64_t first, std::span<std::byte> out) const {
  const size_t space = icb_room(form_);
  const uint64_t identifiers_at = group.first_block + 1, icbs_at = identifiers_at + identifier_blocks(group);
  const uint64_t end = first + out.size() / kSectorSize;
  const auto block = [&](uint64_t number) { return out.subspan((number - first) * kSectorSize, kSectorSize); };
  IcbFacts facts = owner.facts;
  if (first < icbs_at) {
    const std::vector<std::byte> list = identifiers(group, owner);
    if (first == group.first_block) {
      facts.type = disc::FileType::stream_directory;
      facts.links = 0;
      facts.bytes = list.size();
      facts.blocks = identifier_blocks(group);
      const auto room = block(first).subspan(kSectorSize - space);
      size_t used = list.size();
      if (facts.blocks) {
        AllocationRun run;
        run.block = identifiers_at;
        run.bytes = list.size();
        facts.flags = disc::kIcbShortAds;
        used = AllocationChain(run, room.size()).put_in_icb(room, 0, 0);
      } else {
        facts.flags = disc::kIcbEmbedded;
        std::memcpy(room.data(), list.data(), list.size());
      }
      put_icb(form_, facts, room.first(used), static_cast<uint32_t>(first), block(first));
    }
    for (uint64_t number = std::max(first, identifiers_at); number < std::min(end, icbs_at); ++number) {
      const size_t from = (number - identifiers_at) * kSectorSize;
      std::memcpy(block(number).data(), list.data() + from, std::min(kSectorSize + size_t{0}, list.size() - from));
    }
  }
  facts.type = disc::FileType::bytes;
  facts.links = 1;
  for (uint64_t number = std::max(first, icbs_at); number < end; ++number) {
    const size_t index = group.stream + (number - icbs_at);
    const Stream& stream = tree_.streams[index];
    const auto room = block(number).subspan(kSectorSize - space);
    facts.bytes = stream.bytes;
    facts.flags = disc::kIcbStream;
    size_t used = stream.bytes;
    if (stream.bytes > space) {
      const AllocationRun run = overflow_.stream(index);
      facts.flags |= run.long_form ? disc::kIcbLongAds : disc::kIcbShortAds;
      facts.blocks = sectors_for(run.bytes);
      used = AllocationChain(run, room.size()).put_in_icb(room, 0, 0);
    } else {
      facts.flags |= disc::kIcbEmbedded;
      facts.blocks = 0;
      std::memcpy(room.data(), tree_.stream_bytes.data() + stream.offset, stream.bytes);
    }
    put_icb(form_, facts, room.first(used), static_cast<uint32_t>(number), block(number));
  }
}

std::vector<std::byte> Streams::identifiers(const Group& group, const Owner& owner) const {
  std::vector<std::byte> list(group.identifiers);
  const uint64_t own_block = identifier_blocks(group) ? group.first_block + 1 : group.first_block;
  const uint64_t icbs_at = group.first_block + 1 + identifier_blocks(group);
  size_t at = 0;
  const auto put = [&](uint8_t characteristics, uint64_t icb, std::string_view identifier) {
    const auto out = std::span(list).subspan(at, file_identifier_bytes(identifier.size()));
    const uint64_t block = identifier_blocks(group) ? own_block + at / kSectorSize : own_block;
    put_file_identifier(form_, characteristics, icb_address(form_, icb, owner.facts.unique_id), identifier, block, out);
    at += out.size();
  };
  const bool of_directory = tree_.nodes[group.node].kind == NodeKind::directory;
  put(disc::kFidParent | (of_directory ? disc::kFidDirectory : 0), owner.block, {});
  Identifier identifier;
  for (uint32_t k = 0; k < group.count; ++k) {
    make(group.stream + k, identifier);
    put(0, icbs_at + k, identifier.view());
  }
  return list;
}

}  // namespace fsi::udf
