#include "libfsi/rockridge/checksum_attributes.h"

#include "libfsi/disc/libisofs_sums.h"

namespace fsi {

namespace {

class ChecksumAttributes : public SystemUse {
 public:
  ChecksumAttributes(std::unique_ptr<const SystemUse> inner, const SourceTree& tree, const Layout& layout, const Region& array)
      : inner_(std::move(inner)), tree_(tree), layout_(layout), array_(array) {}

  void append(const RecordSubject& subject, SystemUseEntries& entries) const override {
    inner_->append(subject, entries);
    if (subject.role == RecordRole::root_self) {
      auto& attribute = entries.add<disc::AaipArray>();
      attribute.start = layout_.session_start;
      attribute.end = array_.range.first;
      attribute.count = tree_.contents.size() + 2;
    } else if (subject.role == RecordRole::child && subject.node->kind == NodeKind::file) {
      entries.add<disc::AaipIndex>().index = uint64_t{subject.node->content} + 1;
    }
  }

  void for_each_loss(const Node& node, std::string_view name, const std::function<void(std::string_view)>& loss) const override {
    inner_->for_each_loss(node, name, loss);
  }

 private:
  const std::unique_ptr<const SystemUse> inner_;
  const SourceTree& tree_;
  const Layout& layout_;
  const Region& array_;
};

}  // namespace

std::unique_ptr<const SystemUse> make_checksum_attributes(std::unique_ptr<const SystemUse> inner, const SourceTree& tree,
                                                          const Layout& layout, const Region& array) {
  return std::make_unique<ChecksumAttributes>(std::move(inner), tree, layout, array);
}

}  // namespace fsi
