#include "tessera/checkpoint/value.h"

#include "tessera/core/error.h"

#include <fmt/format.h>

namespace tessera {
namespace {

constexpr int kMaxDepth = 4;

/// Appends to a text of bounded length; returns at once when that is full.
class Describer {
 public:
  Describer(std::string& out, std::size_t limit) : out_(out), limit_(limit) {}

  void write(const Value& value, int depth = 0) {
    if (out_.size() >= limit_) return;
    if (depth > kMaxDepth) return add("...");
    std::visit([&](const auto& data) { put(data, depth); }, value.data);
  }

 private:
  void add(std::string_view text) { out_ += text.substr(0, limit_ + 1); }
  void put(std::monostate, int) { add("None"); }
  void put(bool value, int) { add(value ? "True" : "False"); }
  void put(std::int64_t value, int) { add(fmt::format("{}", value)); }
  void put(const BigInt& value, int) {
    add(fmt::format("<whole number of {} bytes>", value.bytes.size()));
  }
  void put(double value, int) { add(fmt::format("{}", value)); }
  void put(const std::string& value, int) {
    add("'");
    for (const char c : std::string_view(value).substr(0, limit_)) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
        add(fmt::format("\\x{:02x}", static_cast<unsigned char>(c)));
      else
        out_ += c;
    }
    add("'");
  }
  void put(const Bytes& value, int) { add(fmt::format("<{} bytes>", value.view.size())); }
  void put(const Sequence& value, int depth) {
    const bool tuple = value.kind == Sequence::Kind::kTuple;
    add(tuple ? "(" : value.kind == Sequence::Kind::kSet ? "{" : "[");
    for (std::size_t i = 0; i < value.items.size() && out_.size() < limit_; ++i) {
      if (i > 0) add(", ");
      write(*value.items[i], depth + 1);
    }
    add(tuple ? ")" : value.kind == Sequence::Kind::kSet ? "}" : "]");
  }
  void put(const Dictionary& value, int depth) {
    add("{");
    for (std::size_t i = 0; i < value.pairs.size() && out_.size() < limit_; ++i) {
      if (i > 0) add(", ");
      write(*value.pairs[i].first, depth + 1);
      add(": ");
      write(*value.pairs[i].second, depth + 1);
    }
    add("}");
  }
  void put(const TensorView& value, int) {
    add(fmt::format("<tensor {} {}>", dtype_name(value.dtype), shape_text(value.shape)));
  }
  void put(const NumpyArray& value, int) {
    add(fmt::format("<array {} {}>", dtype_name(value.tensor.dtype),
                    shape_text(value.tensor.shape)));
  }
  void put(const Global& value, int) { add(fmt::format("<{}>", value.name)); }
  void put(const Object& value, int) { add(fmt::format("<object {}>", value.class_name)); }

  std::string& out_;
  std::size_t limit_;
};

}  // namespace

const Value* Dictionary::find(std::string_view key) const {
  for (auto pair = pairs.rbegin(); pair != pairs.rend(); ++pair) {
    const auto* text = pair->first->as<std::string>();
    if (text != nullptr && *text == key) return pair->second;
  }
  return nullptr;
}

void ValueTree::spend_copy(std::uint64_t bytes) {
  if (bytes > copy_budget) fail("the pickle copies its data over and over, no checkpoint does so");
  copy_budget -= bytes;
}

std::string describe(const Value& value, std::size_t max_length) {
  std::string text;
  Describer(text, max_length).write(value);
  if (text.size() > max_length) text = text.substr(0, max_length) + "...";
  return text;
}

}  // namespace tessera
