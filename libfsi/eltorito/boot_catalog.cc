#include "libfsi/eltorito/boot_catalog.h"

#include "libfsi/base/record_sink.h"
#include "libfsi/disc/eltorito.h"

namespace fsi {

namespace {

disc::ValidationEntry validation_entry(const CatalogLine& first) {
  disc::ValidationEntry entry;
  entry.platform = first.platform;
  entry.id.set(first.id);
  uint16_t sum = 0;
  const auto bytes = bytes_of(entry);
  for (size_t i = 0; i < bytes.size(); i += 2) {
    Le16 word;
    if (load(bytes, i, word)) sum = static_cast<uint16_t>(sum + word);
  }
  entry.checksum = static_cast<uint16_t>(-sum);
  return entry;
}

disc::CatalogEntry catalog_entry(const CatalogLine& line) {
  disc::CatalogEntry entry;
  entry.media = line.media;
  entry.load_segment = line.load_segment;
  entry.system_type = line.system_type;
  entry.sector_count = line.sector_count;
  entry.load_rba = line.image;
  return entry;
}

void emit(std::span<const CatalogLine> lines, RecordSink& sink) {
  sink.put_record(validation_entry(lines[0]));
  sink.put_record(catalog_entry(lines[0]));
  for (size_t i = 1; i < lines.size();) {
    size_t end = i + 1;
    while (end < lines.size() && lines[end].platform == lines[i].platform && lines[end].id == lines[i].id) ++end;
    disc::SectionHeader header;
    header.indicator = end == lines.size() ? disc::kLastSection : disc::kMoreSections;
    header.platform = lines[i].platform;
    header.entry_count = end - i;
    header.id.set(lines[i].id);
    sink.put_record(header);
    for (; i < end; ++i) sink.put_record(catalog_entry(lines[i]));
  }
}

}  // namespace

uint64_t catalog_bytes(std::span<const CatalogLine> lines) {
  RecordSink counter;
  emit(lines, counter);
  return counter.position();
}

std::vector<std::byte> make_catalog(std::span<const CatalogLine> lines) {
  std::vector<std::byte> bytes(catalog_bytes(lines));
  RecordSink sink(bytes, 0);
  emit(lines, sink);
  return bytes;
}

}  // namespace fsi
