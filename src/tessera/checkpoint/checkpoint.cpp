#include "tessera/checkpoint/checkpoint.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_set>

#include "tessera/checkpoint/safetensors.h"
#include "tessera/checkpoint/torch_file.h"
#include "tessera/core/error.h"
#include "tessera/core/text.h"

namespace tessera {
namespace {

constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxSteps = 4'000'000;
constexpr const char* kWeightKeys[] = {"state_dict", "model", "model_state_dict", "module", "net",
                                       "network",    "blobs"};

/// Collects the tensors of nested dicts; the tree's sharing is bounded by a count of steps.
class Flattener {
 public:
  Flattener(Checkpoint& out, std::shared_ptr<const void> owner)
      : out_(out), owner_(std::move(owner)) {}

  void add(const std::string& name, const Value& value, int depth = 0) {
    if (++steps_ > kMaxSteps || depth > kMaxDepth || name.size() > 4096)
      fail("tensors are nested too deeply or too often for a state dict; choose a part with --key");
    if (const auto* tensor = value.as<TensorView>()) return add_tensor(name, *tensor);
    if (const auto* array = value.as<NumpyArray>()) return add_tensor(name, array->tensor);
    const auto* dictionary = value.as<Dictionary>();
    if (dictionary == nullptr) return out_.other.push_back(name);
    for (const auto& [key, item] : dictionary->pairs) {
      const auto* text = key->as<std::string>();
      const std::string part = text != nullptr ? *text : describe(*key);
      add(name.empty() ? part : name + "." + part, *item, depth + 1);
    }
  }

 private:
  void add_tensor(const std::string& name, TensorView view) {
    if (!names_.insert(name).second) fail("the tensor name '{}' stands twice", name);
    if (view.storage->owner == nullptr) {
      auto storage = std::make_shared<TensorStorage>(*view.storage);
      storage->owner = owner_;
      view.storage = std::move(storage);
    }
    out_.tensors.emplace_back(name, std::move(view));
  }

  Checkpoint& out_;
  std::shared_ptr<const void> owner_;
  std::unordered_set<std::string> names_;
  std::size_t steps_ = 0;
};

/// Fills in the tensors that `value` holds, and the names of what else it holds.
void flatten(const Value& value, Checkpoint& checkpoint) {
  checkpoint.tensors.clear();
  checkpoint.other.clear();
  Flattener(checkpoint, checkpoint.tree).add("", value);
}

std::vector<std::string> keys_of(const Value& value) {
  std::vector<std::string> keys;
  if (const auto* dictionary = value.as<Dictionary>())
    for (const auto& [key, item] : dictionary->pairs)
      keys.push_back(key->as<std::string>() != nullptr ? *key->as<std::string>() : describe(*key));
  return keys;
}

const Value& choose(const Value& root, const std::string& key) {
  const Value* value = &root;
  std::string_view rest = key;
  while (!rest.empty()) {
    const auto* dictionary = value->as<Dictionary>();
    if (dictionary == nullptr) fail("--key {}: '{}' lies below a value that is no dict", key, rest);
    // Names may have dots themselves, so the whole rest is tried first.
    std::string_view part = rest;
    const Value* found = dictionary->find(part);
    if (found == nullptr) {
      part = rest.substr(0, rest.find('.'));
      found = dictionary->find(part);
    }
    if (found == nullptr)
      fail("--key {}: no '{}' here{}; there are {}", key, part, did_you_mean(part, keys_of(*value)),
           summarize(keys_of(*value), 10));
    value = found;
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  }
  return *value;
}

void choose_weights(Checkpoint& checkpoint, const std::string& key) {
  const Value& root = *checkpoint.tree->root;
  checkpoint.key = key;
  if (!key.empty()) {
    flatten(choose(root, key), checkpoint);
  } else if (const auto* dictionary = root.as<Dictionary>()) {
    for (const char* candidate : kWeightKeys) {
      const Value* found = dictionary->find(candidate);
      if (found == nullptr || found->as<Dictionary>() == nullptr) continue;
      flatten(*found, checkpoint);
      checkpoint.key = candidate;
      if (!checkpoint.tensors.empty()) break;
    }
  }
  if (checkpoint.tensors.empty() && key.empty()) {
    checkpoint.key.clear();
    flatten(root, checkpoint);
  }
  if (checkpoint.tensors.empty())
    fail("no tensors in {}; it holds {}", key.empty() ? "this file" : key,
         describe(key.empty() ? root : choose(root, key), 200));
  if (checkpoint.key.empty()) return;
  for (const std::string& other : keys_of(root))
    if (other != checkpoint.key && !checkpoint.key.starts_with(other + "."))
      checkpoint.other.push_back(other);
}

std::uint64_t total_bytes(const NamedTensors& tensors) {
  std::uint64_t total = 0;
  for (const auto& [name, tensor] : tensors)
    if (__builtin_add_overflow(total, tensor.byte_size(), &total))
      fail("the tensors are larger than any file");
  return total;
}

/// A tiny file may describe gigabytes by strides of 0 or by naming one tensor many times.
void check_expansion(const NamedTensors& tensors) {
  std::set<const std::uint8_t*> seen;
  std::uint64_t stored = 0;
  for (const auto& [name, tensor] : tensors)
    if (seen.insert(tensor.storage->bytes.data()).second) stored += tensor.storage->bytes.size();
  const std::uint64_t bytes = total_bytes(tensors);
  if (bytes > 16 * stored + (std::uint64_t{1} << 30))
    fail("{} of data describe {} of tensors; this is no plain checkpoint", format_bytes(stored),
         format_bytes(bytes));
}

void verify(const NamedTensors& tensors) {
  std::set<const TensorStorage*> seen;
  for (const auto& [name, tensor] : tensors)
    if (seen.insert(tensor.storage.get()).second) tensor.storage->verify();
}

std::vector<std::string> write_flat_torch_file(const std::filesystem::path& path,
                                               const NamedTensors& tensors) {
  ValueTree tree;
  Dictionary dictionary;
  dictionary.ordered = true;
  for (const auto& [name, tensor] : tensors) {
    const Value* key = &tree.values.emplace_back(Value{name});
    dictionary.pairs.emplace_back(key, &tree.values.emplace_back(Value{tensor}));
  }
  return write_torch_file(path, tree.values.emplace_back(Value{std::move(dictionary)}));
}

}  // namespace

Checkpoint open_checkpoint(const std::filesystem::path& path, const std::string& key) {
  Checkpoint checkpoint;
  if (path.extension() == ".safetensors") {
    if (!key.empty())
      throw UsageError("--key chooses a part of a PyTorch file; safetensors files have none");
    Safetensors file = read_safetensors(path);
    checkpoint.format = "safetensors";
    checkpoint.tensors = std::move(file.tensors);
    checkpoint.metadata = std::move(file.metadata);
    return checkpoint;
  }
  checkpoint.format = "PyTorch";
  checkpoint.tree = read_torch_file(path);
  with_context(path.string(), [&] { choose_weights(checkpoint, key); });
  return checkpoint;
}

bool strip_module_prefix(NamedTensors& tensors) {
  constexpr std::string_view kPrefix = "module.";
  const bool all = std::all_of(tensors.begin(), tensors.end(),
                               [&](const auto& entry) { return entry.first.starts_with(kPrefix); });
  if (!all) return false;
  for (auto& [name, tensor] : tensors) name.erase(0, kPrefix.size());
  return true;
}

std::vector<std::string> convert_checkpoint(const std::filesystem::path& in,
                                            const std::filesystem::path& out,
                                            const ConvertOptions& options) {
  const std::string extension = out.extension();
  const bool to_torch = extension == ".pth" || extension == ".pt" || extension == ".tar";
  if (!to_torch && extension != ".safetensors")
    throw UsageError(fmt::format(
        "{}: the name must end in .safetensors, .pth, .pt or .pth.tar to say the format",
        out.string()));
  Checkpoint checkpoint = open_checkpoint(in, options.key);
  const bool whole = checkpoint.tree != nullptr && options.key.empty() && !options.strip_module;
  return with_context(in.string(), [&] {
    if (options.strip_module && !strip_module_prefix(checkpoint.tensors))
      fail("--strip-module: not every tensor's name starts with 'module.'");
    std::vector<std::string> notes;
    if (to_torch) {
      for (const auto& [name, text] : checkpoint.metadata)
        notes.push_back(fmt::format("dropped metadata '{}'", name));
      const auto changes = whole ? write_torch_file(out, *checkpoint.tree->root)
                                 : write_flat_torch_file(out, checkpoint.tensors);
      notes.insert(notes.end(), changes.begin(), changes.end());
    } else {
      check_expansion(checkpoint.tensors);
      verify(checkpoint.tensors);
      write_safetensors(out, checkpoint.tensors, checkpoint.metadata);
    }
    if (!to_torch || !whole)
      for (const std::string& other : checkpoint.other)
        notes.push_back(fmt::format("dropped '{}', which is no weight", other));
    return notes;
  });
}

std::string checkpoint_table(const Checkpoint& checkpoint) {
  std::size_t width = 4;
  for (const auto& [name, tensor] : checkpoint.tensors) width = std::max(width, name.size());
  std::string table =
      fmt::format("{:<{}}  {:<14}  {:>12}  shape\n", "name", width, "dtype", "bytes");
  std::uint64_t elements = 0;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    table += fmt::format("{:<{}}  {:<14}  {:>12}  {}\n", name, width, dtype_name(tensor.dtype),
                         tensor.byte_size(), shape_text(tensor.shape));
    elements += static_cast<std::uint64_t>(tensor.numel());
  }
  table += fmt::format("{} tensors, {} elements, {} ({} file)\n", checkpoint.tensors.size(),
                       elements, format_bytes(total_bytes(checkpoint.tensors)), checkpoint.format);
  if (!checkpoint.key.empty()) table += fmt::format("weights are under '{}'\n", checkpoint.key);
  if (!checkpoint.other.empty())
    table += fmt::format("beside them: {}\n", summarize(checkpoint.other, 10));
  return table;
}

std::string checkpoint_json(const Checkpoint& checkpoint) {
  nlohmann::ordered_json result;
  result["format"] = checkpoint.format;
  result["key"] = checkpoint.key;
  result["other"] = checkpoint.other;
  result["metadata"] = checkpoint.metadata;
  result["tensors"] = nlohmann::ordered_json::array();
  for (const auto& [name, tensor] : checkpoint.tensors)
    result["tensors"].push_back({{"name", name},
                                 {"dtype", dtype_name(tensor.dtype)},
                                 {"shape", tensor.shape},
                                 {"bytes", tensor.byte_size()}});
  result["total_bytes"] = total_bytes(checkpoint.tensors);
  return result.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace tessera
