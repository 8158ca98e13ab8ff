#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "tessera/checkpoint/torch_file.h"
#include "tessera/checkpoint/zip.h"
#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/interrupt.h"

namespace tessera {
namespace {

constexpr int kMaxDepth = 500;

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const int more = c < 0x80                ? 0
                     : c >= 0xC2 && c < 0xE0 ? 1
                     : c >= 0xE0 && c < 0xF0 ? 2
                     : c >= 0xF0 && c < 0xF5 ? 3
                                             : -1;
    if (more < 0 || i + static_cast<std::size_t>(more) >= text.size()) return false;
    for (int k = 0; k < more; ++k)
      if ((static_cast<unsigned char>(text[++i]) & 0xC0) != 0x80) return false;
  }
  return true;
}

std::string utf8_of_latin1(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    if (c >= 0x80) text += static_cast<char>(0xC0 | c >> 6);
    text += static_cast<char>(c >= 0x80 ? 0x80 | (c & 0x3F) : c);
  }
  return text;
}

/// Writes a value tree as a pickle of protocol 2, values that are shared once. Only what torch's
/// weights_only reader accepts is written.
class PickleWriter {
 public:
  std::string write(const Value& root) {
    out_ = "\x80\x02";
    put(root, 0);
    return out_ + '.';
  }
  const std::vector<std::shared_ptr<const TensorStorage>>& storages() const { return storages_; }
  const std::vector<std::string>& changes() const { return changes_; }

 private:
  template <class T>
  void number(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(std::string_view value) {
    if (value.size() > 0xFFFFFFFFu) fail("a text of {} bytes cannot be written", value.size());
    out_ += 'X';
    number(static_cast<std::uint32_t>(value.size()));
    out_ += value;
  }
  void global(std::string_view module, std::string_view name) {
    out_ += fmt::format("c{}\n{}\n", module, name);
  }
  void integer(std::int64_t value) {
    if (value == static_cast<std::int32_t>(value)) {
      out_ += 'J';
      number(static_cast<std::int32_t>(value));
    } else {
      out_ += "\x8a\x08";
      number(value);
    }
  }
  void integers(const std::vector<std::int64_t>& values) {
    out_ += '(';
    for (const std::int64_t value : values) integer(value);
    out_ += 't';
  }
  void remember(const Value& value) {
    out_ += 'r';
    number(static_cast<std::uint32_t>(memo_.size()));
    memo_.emplace(&value, static_cast<std::uint32_t>(memo_.size()));
  }

  void put(const Value& value, int depth) {
    if (depth > kMaxDepth) fail("values are nested deeper than {} levels", kMaxDepth);
    if (const auto known = memo_.find(&value); known != memo_.end()) {
      out_ += 'j';
      number(known->second);
      return;
    }
    std::visit([&](const auto& data) { put(data, value, depth); }, value.data);
  }

  void put(std::monostate, const Value&, int) { out_ += 'N'; }
  void put(bool value, const Value&, int) { out_ += value ? '\x88' : '\x89'; }
  void put(std::int64_t value, const Value&, int) { integer(value); }
  void put(const BigInt& value, const Value&, int) {
    if (value.bytes.size() < 256) {
      out_ += '\x8a';
      number(static_cast<std::uint8_t>(value.bytes.size()));
    } else {
      out_ += '\x8b';
      number(static_cast<std::uint32_t>(value.bytes.size()));
    }
    out_ += value.bytes;
  }
  void put(double value, const Value&, int) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    out_ += 'G';
    number(__builtin_bswap64(bits));
  }
  void put(const std::string& value, const Value& self, int) {
    text(is_utf8(value) ? value : utf8_of_latin1(value));
    remember(self);
  }
  void put(const Bytes& value, const Value& self, int) {
    global("_codecs", "encode");
    text(utf8_of_latin1(value.view));
    text("latin1");
    out_ += "\x86R";
    remember(self);
  }
  void put(const Sequence& value, const Value& self, int depth) {
    if (value.kind == Sequence::Kind::kTuple) {
      out_ += '(';
      for (const Value* item : value.items) put(*item, depth + 1);
      out_ += 't';
      remember(self);
      return;
    }
    if (value.kind == Sequence::Kind::kSet) changes_.push_back("a set became a list");
    out_ += ']';
    remember(self);
    out_ += '(';
    for (const Value* item : value.items) put(*item, depth + 1);
    out_ += 'e';
  }
  void put(const Dictionary& value, const Value& self, int depth) {
    if (value.ordered) {
      global("collections", "OrderedDict");
      out_ += ")R";
    } else {
      out_ += '}';
    }
    remember(self);
    out_ += '(';
    for (const auto& [key, item] : value.pairs) {
      put(*key, depth + 1);
      put(*item, depth + 1);
    }
    out_ += 'u';
    if (value.attributes == nullptr || !value.ordered) return;
    put(*value.attributes, depth + 1);
    out_ += 'b';
  }
  void put(const TensorView& value, const Value& self, int) {
    tensor(value);
    remember(self);
  }
  void put(const NumpyArray& value, const Value& self, int) {
    changes_.push_back(
        fmt::format("a numpy {} became a tensor", value.is_scalar ? "scalar" : "array"));
    tensor(value.tensor);
    remember(self);
  }
  void put(const Global& value, const Value&, int) { opaque(value.name); }
  void put(const Object& value, const Value&, int) { opaque(value.class_name); }
  void opaque(const std::string& name) {
    changes_.push_back(fmt::format("{} became a text", name));
    text(is_utf8(name) ? name : utf8_of_latin1(name));
  }

  void tensor(const TensorView& view) {
    const std::string_view storage_class = torch_storage_name(view.dtype);
    global("torch._utils", storage_class.empty() ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2");
    out_ += "((";
    text("storage");
    if (storage_class.empty())
      global("torch.storage", "UntypedStorage");
    else
      global("torch", storage_class);
    text(std::to_string(storage_index(view.storage)));
    text("cpu");
    const std::uint64_t unit = storage_class.empty() ? 1 : dtype_size(view.dtype);
    integer(static_cast<std::int64_t>(view.storage->bytes.size() / unit));
    out_ += "tQ";
    integer(view.offset);
    integers(view.shape);
    integers(view.strides);
    out_ += '\x89';
    global("collections", "OrderedDict");
    out_ += ")R";
    if (storage_class.empty()) global("torch", dtype_name(view.dtype));
    out_ += "tR";
  }

  std::size_t storage_index(const std::shared_ptr<const TensorStorage>& storage) {
    const auto [found, is_new] = indexes_.try_emplace(storage.get(), storages_.size());
    if (is_new) storages_.push_back(storage);
    return found->second;
  }

  std::string out_;
  std::unordered_map<const Value*, std::uint32_t> memo_;
  std::unordered_map<const TensorStorage*, std::size_t> indexes_;
  std::vector<std::shared_ptr<const TensorStorage>> storages_;
  std::vector<std::string> changes_;
};

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

std::vector<std::string> write_torch_file(const std::filesystem::path& path, const Value& root) {
  PickleWriter pickle;
  const std::string text = with_context(path.string(), [&] { return pickle.write(root); });
  AtomicFile file(path);
  ZipWriter zip(file);
  zip.add("archive/data.pkl", bytes_of(text));
  zip.add("archive/byteorder", bytes_of("little"));
  for (std::size_t i = 0; i < pickle.storages().size(); ++i) {
    check_interrupt();
    const TensorStorage& storage = *pickle.storages()[i];
    storage.verify();
    zip.add(fmt::format("archive/data/{}", i), storage.bytes);
  }
  zip.add("archive/version", bytes_of("3\n"));
  zip.finish();
  file.sync();
  file.commit();
  return pickle.changes();
}

}  // namespace tessera
