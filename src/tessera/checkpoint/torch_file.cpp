#include "tessera/checkpoint/torch_file.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "tessera/checkpoint/pickle.h"
#include "tessera/checkpoint/zip.h"
#include "tessera/core/error.h"
#include "tessera/core/file.h"

namespace tessera {
namespace {

using Span = std::span<const std::uint8_t>;
using Owner = std::shared_ptr<const void>;

// The first pickle of a legacy file: PROTO 2, LONG1 of ten bytes, STOP.
constexpr std::uint8_t kLegacyStart[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                         0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e};

/// What ('storage', class, key, place, numel[, view]) says.
struct StorageId {
  DType dtype;
  std::string key;
  std::int64_t numel;
};

StorageId parse_storage_id(const Value& id) {
  const auto* tuple = id.as<Sequence>();
  if (tuple == nullptr || tuple->items.size() < 5)
    fail("the pickle refers to data by {}, a storage was expected", describe(id));
  const auto* type = tuple->items[1]->as<Global>();
  const auto* key = tuple->items[2]->as<std::string>();
  const auto* numel = tuple->items[4]->as<std::int64_t>();
  if (type == nullptr || key == nullptr || numel == nullptr || *numel < 0)
    fail("the pickle refers to data by {}, a storage was expected", describe(id));
  const bool view = tuple->items.size() > 5 && tuple->items[5]->as<std::monostate>() == nullptr;
  if (view) fail("storage '{}' is a view of another, as only PyTorch before 0.4 wrote", *key);
  const std::string_view name =
      std::string_view(type->name).substr(type->name.find_last_of('.') + 1);
  const auto dtype = name == "UntypedStorage" ? DType::kUInt8 : dtype_from_torch_storage_name(name);
  if (!dtype)
    fail(
        "storage '{}' is a {}, which is not supported; save its tensors as plain dense CPU tensors",
        *key, type->name);
  return {*dtype, *key, *numel};
}

/// The storages of one file by key. A legacy file's get their bytes after the pickle is read.
class Storages {
 public:
  TensorView refer(const Value& id) {
    const StorageId parsed = parse_storage_id(id);
    const auto [found, is_new] = by_key_.try_emplace(parsed.key);
    Entry& entry = found->second;
    const std::uint64_t size = dtype_size(parsed.dtype);
    if (static_cast<std::uint64_t>(parsed.numel) > (std::uint64_t{1} << 60) / size)
      fail("storage '{}' claims {} elements", parsed.key, parsed.numel);
    if (is_new) {
      entry.storage = std::make_shared<TensorStorage>();
      entry.storage->name = parsed.key;
      entry.element_size = size;
      entry.byte_size = static_cast<std::uint64_t>(parsed.numel) * size;
    } else if (entry.byte_size != static_cast<std::uint64_t>(parsed.numel) * size) {
      fail("storage '{}' is described with two sizes", parsed.key);
    }
    return TensorView::contiguous(parsed.dtype, {parsed.numel}, entry.storage);
  }

  struct Entry {
    std::shared_ptr<TensorStorage> storage;
    std::uint64_t element_size = 1;
    std::uint64_t byte_size = 0;
    bool filled = false;
  };
  std::map<std::string, Entry>& entries() { return by_key_; }

 private:
  std::map<std::string, Entry> by_key_;
};

void check_tensors(const ValueTree& tree) {
  for (const Value& value : tree.values)
    if (const auto* tensor = value.as<TensorView>()) tensor->check();
}

PersistentLoad load_from(Storages& storages, ValueTree& tree) {
  return [&](const Value& id) -> const Value* {
    return &tree.values.emplace_back(Value{storages.refer(id)});
  };
}

void parse_zip(ValueTree& tree, Span bytes, const Owner& owner) {
  std::map<std::string, ZipEntry> entries;
  const std::string kPickle = "/data.pkl";
  std::string folder;
  for (ZipEntry& entry : read_zip(bytes)) {
    if (entry.name.ends_with(kPickle))
      folder = entry.name.substr(0, entry.name.size() - kPickle.size() + 1);
    const std::string name = entry.name;
    if (!entries.emplace(name, std::move(entry)).second)
      fail("entry '{}' stands twice in the zip archive", name);
  }
  if (folder.empty())
    fail(
        "a zip archive without data.pkl: not written by torch.save (a folder or a TorchScript "
        "archive needs torch.save of its state_dict first)");
  const auto text = [&](const std::string& name) {
    const auto found = entries.find(folder + name);
    if (found == entries.end()) return std::string_view();
    return std::string_view(reinterpret_cast<const char*>(found->second.bytes.data()),
                            found->second.bytes.size());
  };
  if (text("byteorder") == "big") fail("the file's numbers are big-endian, which is not supported");
  if (entries.contains(folder + "constants.pkl"))
    fail("a TorchScript archive; load it in Python and torch.save its state_dict()");
  for (const auto& [name, entry] : entries)
    if (!entry.stored)
      fail("entry '{}' is compressed or encrypted; torch.save writes neither", name);
  const ZipEntry& pickle = entries.at(folder + kPickle.substr(1));
  TensorStorage{pickle.bytes, nullptr, pickle.name, pickle.crc32}.verify();
  Storages storages;
  PickleReader reader(tree, pickle.bytes);
  reader.set_persistent_load(load_from(storages, tree));
  tree.root = reader.read();
  for (auto& [key, entry] : storages.entries()) {
    const auto found = entries.find(folder + "data/" + key);
    if (found == entries.end()) fail("storage '{}' is missing from the archive", key);
    if (found->second.bytes.size() != entry.byte_size)
      fail("storage '{}' has {} bytes, the pickle says {}", key, found->second.bytes.size(),
           entry.byte_size);
    entry.storage->bytes = found->second.bytes;
    entry.storage->crc32 = found->second.crc32;
    entry.storage->owner = owner;
    entry.storage->name = found->first;
  }
}

void parse_legacy(ValueTree& tree, Span bytes, const Owner& owner) {
  PickleReader reader(tree, bytes);
  reader.read();  // the magic number, which was looked at already
  const Value* protocol = reader.read();
  if (const auto* number = protocol->as<std::int64_t>(); number == nullptr || *number != 1001)
    fail("a legacy PyTorch file of protocol {}, 1001 was expected", describe(*protocol));
  const Value* system = reader.read();
  const auto* facts = system->as<Dictionary>();
  const Value* little = facts == nullptr ? nullptr : facts->find("little_endian");
  if (little != nullptr && little->as<bool>() != nullptr && !*little->as<bool>())
    fail("the file's numbers are big-endian, which is not supported");
  Storages storages;
  reader.set_persistent_load(load_from(storages, tree));
  tree.root = reader.read();
  const Value* keys = reader.read();
  if (keys->as<Sequence>() == nullptr) fail("the list of storages is {}", describe(*keys));
  std::size_t at = reader.position();
  for (const Value* key : keys->as<Sequence>()->items) {
    const auto* name = key->as<std::string>();
    const auto found = name == nullptr ? storages.entries().end() : storages.entries().find(*name);
    if (found == storages.entries().end())
      fail("the file lists the storage {}, which no tensor uses", describe(*key));
    Storages::Entry& entry = found->second;
    std::uint64_t numel = 0;
    if (bytes.size() - at < sizeof numel) fail("storage '{}': the file is truncated", *name);
    std::memcpy(&numel, bytes.data() + at, sizeof numel);
    at += sizeof numel;
    if (numel != entry.byte_size / entry.element_size || entry.filled)
      fail("storage '{}' has {} elements, the pickle says {}", *name, numel,
           entry.byte_size / entry.element_size);
    if (entry.byte_size > bytes.size() - at)
      fail("storage '{}' needs {} bytes where {} are left; the file is truncated", *name,
           entry.byte_size, bytes.size() - at);
    entry.storage->bytes = bytes.subspan(at, entry.byte_size);
    entry.storage->owner = owner;
    entry.filled = true;
    at += entry.byte_size;
  }
  for (const auto& [key, entry] : storages.entries())
    if (!entry.filled) fail("storage '{}' is missing at the end of the file", key);
}

bool starts_with(Span bytes, Span start) {
  return bytes.size() >= start.size() && std::equal(start.begin(), start.end(), bytes.begin());
}

}  // namespace

std::shared_ptr<const ValueTree> parse_torch_file(Span bytes, Owner owner) {
  static constexpr std::uint8_t kZipStart[] = {'P', 'K', 3, 4};
  static constexpr std::string_view kTar = "ustar";
  if (bytes.empty()) fail("the file is empty, a checkpoint was expected");
  auto tree = std::make_shared<ValueTree>();
  tree->owners.push_back(owner);
  if (starts_with(bytes, kZipStart)) {
    parse_zip(*tree, bytes, owner);
  } else if (starts_with(bytes, kLegacyStart)) {
    parse_legacy(*tree, bytes, owner);
  } else {
    if (bytes.size() > 262 && std::memcmp(bytes.data() + 257, kTar.data(), kTar.size()) == 0)
      fail("a tar archive (PyTorch 0.1 wrote such); load it there and save it anew");
    PickleReader reader(*tree, bytes);
    tree->root = reader.read();
  }
  check_tensors(*tree);
  return tree;
}

std::shared_ptr<const ValueTree> read_torch_file(const std::filesystem::path& path) {
  auto file = std::make_shared<const MappedFile>(path);
  return with_context(path.string(), [&] { return parse_torch_file(file->bytes(), file); });
}

}  // namespace tessera
