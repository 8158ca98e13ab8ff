#include "tessera/training/training_state.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "tessera/checkpoint/torch_file.h"
#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/nn/tensor_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

/// Makes the values of a file.
class ValueMaker {
 public:
  template <class T>
  const Value* make(T data) {
    return &values_.emplace_back(Value{std::move(data)});
  }
  const Value* text(std::string value) { return make(std::move(value)); }
  const Value* tensors(const std::map<std::string, torch::Tensor>& tensors) {
    Dictionary dictionary = {.ordered = true, .pairs = {}};
    for (const auto& [name, tensor] : tensors)
      dictionary.pairs.emplace_back(text(name), make(from_torch(tensor)));
    return make(std::move(dictionary));
  }

 private:
  std::deque<Value> values_;
};

const Value& member(const Dictionary& dictionary, const char* key) {
  const Value* value = dictionary.find(key);
  if (value == nullptr)
    fail(
        "there is no '{}' in it; it was not written by 'tessera train' (to start from its weights, "
        "use --load-from)",
        key);
  return *value;
}

template <class T>
const T& expect(const Value& value, const char* key) {
  const T* data = value.as<T>();
  if (data == nullptr)
    fail("'{}' is {}, which is not what 'tessera train' writes", key, describe(value));
  return *data;
}

std::map<std::string, torch::Tensor> tensors_of(const Value& value, const char* key) {
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& [name, tensor] : expect<Dictionary>(value, key).pairs) {
    const auto& view = expect<TensorView>(*tensor, key);
    view.storage->verify();
    tensors[expect<std::string>(*name, key)] = to_torch(view);
  }
  return tensors;
}

std::optional<std::int64_t> iteration_of(const fs::path& path) {
  const std::string stem = path.stem().string();
  constexpr std::string_view kStart = "iteration_";
  if (!stem.starts_with(kStart)) return std::nullopt;
  std::int64_t iteration = 0;
  const char* begin = stem.data() + kStart.size();
  const auto [end, error] = std::from_chars(begin, stem.data() + stem.size(), iteration);
  if (error != std::errc() || end != stem.data() + stem.size()) return std::nullopt;
  return iteration;
}

/// The checkpoints of a folder by iteration.
std::map<std::int64_t, fs::path> checkpoints_in(const fs::path& folder) {
  std::map<std::int64_t, fs::path> found;
  if (!fs::is_directory(folder)) return found;
  for (const fs::path& path : list_files(folder, ".pth"))
    if (const auto iteration = iteration_of(path)) found[*iteration] = path;
  return found;
}

}  // namespace

void save_training_state(const fs::path& path, const TrainingState& state) {
  ValueMaker make;
  Dictionary meta = {.ordered = false, .pairs = {}};
  const auto add = [&](const char* key, const Value* value) {
    meta.pairs.emplace_back(make.text(key), value);
  };
  add("iteration", make.make(state.iteration));
  add("skipped_samples", make.make(state.skipped_samples));
  add("loss_scale", make.make(state.loss_scale.scale));
  add("good_steps", make.make(state.loss_scale.good_steps));
  add("best", make.make(state.best));
  add("has_best", make.make(state.has_best));
  add("config", make.text(state.config));
  Dictionary root = {.ordered = false, .pairs = {}};
  root.pairs = {{make.text("meta"), make.make(std::move(meta))},
                {make.text("state_dict"), make.tensors(state.model)},
                {make.text("optimizer"), make.tensors(state.optimizer)},
                {make.text("average"), make.tensors(state.average)},
                {make.text("random"), make.make(from_torch(state.random))}};
  write_torch_file(path, *make.make(std::move(root)));
}

void save_weights(const fs::path& path, const std::map<std::string, torch::Tensor>& model) {
  ValueMaker make;
  Dictionary root = {.ordered = false, .pairs = {{make.text("state_dict"), make.tensors(model)}}};
  write_torch_file(path, *make.make(std::move(root)));
}

TrainingState load_training_state(const fs::path& path) {
  return with_context(path.string(), [&] {
    const auto tree = read_torch_file(path);
    const auto& root = expect<Dictionary>(*tree->root, "the file");
    const auto& meta = expect<Dictionary>(member(root, "meta"), "meta");
    TrainingState state;
    state.model = tensors_of(member(root, "state_dict"), "state_dict");
    state.optimizer = tensors_of(member(root, "optimizer"), "optimizer");
    state.average = tensors_of(member(root, "average"), "average");
    state.random = to_torch(expect<TensorView>(member(root, "random"), "random"));
    state.iteration = expect<std::int64_t>(member(meta, "iteration"), "iteration");
    state.skipped_samples =
        expect<std::int64_t>(member(meta, "skipped_samples"), "skipped_samples");
    state.loss_scale = {expect<double>(member(meta, "loss_scale"), "loss_scale"),
                        expect<std::int64_t>(member(meta, "good_steps"), "good_steps")};
    state.best = expect<double>(member(meta, "best"), "best");
    state.has_best = expect<bool>(member(meta, "has_best"), "has_best");
    state.config = expect<std::string>(member(meta, "config"), "config");
    return state;
  });
}

fs::path checkpoint_path(const fs::path& folder, std::int64_t iteration) {
  return folder / fmt::format("iteration_{}.pth", iteration);
}

std::optional<fs::path> newest_checkpoint(const fs::path& folder) {
  const auto found = checkpoints_in(folder);
  if (found.empty()) return std::nullopt;
  return found.rbegin()->second;
}

void remove_old_checkpoints(const fs::path& folder, int keep) {
  auto found = checkpoints_in(folder);
  while (found.size() > static_cast<std::size_t>(keep)) {
    std::error_code ignored;
    fs::remove(found.begin()->second, ignored);
    found.erase(found.begin());
  }
}

}  // namespace tessera
