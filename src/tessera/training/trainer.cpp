#include "tessera/training/trainer.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/log.h"
#include "tessera/core/progress.h"
#include "tessera/core/text.h"
#include "tessera/data/loader/data_config.h"
#include "tessera/data/loader/loader.h"
#include "tessera/data/open_dataset.h"
#include "tessera/nn/backend.h"
#include "tessera/nn/batch_norm.h"
#include "tessera/nn/compat.h"
#include "tessera/nn/swin_checkpoint.h"
#include "tessera/nn/tensor_io.h"
#include "tessera/training/loss_scaler.h"
#include "tessera/training/task.h"
#include "tessera/training/train_log.h"
#include "tessera/training/training_report.h"
#include "tessera/training/training_state.h"
#include "tessera/training/weight_loops.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::uint64_t peak_memory() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::string names_of(const Batch& batch) {
  std::string names;
  for (const BatchFrame& frame : batch.frames) {
    if (!names.empty()) names += ", ";
    if (!frame.key.sequence.empty()) names += frame.key.sequence + "/";
    names += frame.key.name;
  }
  return names;
}

/// Tensors by name that share memory with the module's.
std::map<std::string, torch::Tensor> state_of(const torch::nn::Module& module) {
  std::map<std::string, torch::Tensor> state;
  for (const auto& [name, tensor] : named_state(module)) state[name] = tensor.detach();
  return state;
}

void copy_state(const std::map<std::string, torch::Tensor>& from, const torch::nn::Module& to) {
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : named_state(to)) {
    const auto found = from.find(name);
    if (found == from.end() || found->second.sizes() != tensor.sizes())
      fail("the checkpoint does not have '{}' as this model has it; was the configuration changed?",
           name);
    tensor.copy_(found->second);
  }
}

std::int64_t count_parameters(const torch::nn::Module& module, bool trained_only) {
  std::int64_t count = 0;
  for (const auto& parameter : module.parameters())
    if (parameter.requires_grad() || !trained_only) count += parameter.numel();
  return count;
}

torch::Device device_of(const TrainRequest& request) {
  const torch::Device device(request.device);
  if (request.precision == "fp16" && !device.is_cuda())
    fail("--precision fp16 needs --device cuda; on CPUs use bf16");
  if (request.place.rank == 0) warn_of_slow_precision(request.precision, device);
  if (!device.is_cuda()) return device;
  if (!torch::cuda::is_available())
    fail("--device {}: this libtorch sees no CUDA device; 'tessera info' shows what there is",
         request.device);
  if (device.has_index()) return device;
  return {torch::kCUDA, static_cast<torch::DeviceIndex>(request.place.local_rank)};
}

at::Generator generator_of(torch::Device device) {
  return at::globalContext().defaultGenerator(device);
}

/// Whether an error says that there is no memory left: libtorch has many words for it.
bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  const std::string_view text = error.what();
  constexpr std::string_view kWords[] = {"out of memory",                                 // CUDA
                                         "allocate memory", "could not create a memory",  // the CPU
                                         "Failed to allocate", "bad_alloc"};  // OpenCV, the loader
  return std::any_of(std::begin(kWords), std::end(kWords), [text](std::string_view words) {
    return text.find(words) != std::string_view::npos;
  });
}

/// Another process was asked to stop while it validated.
struct ValidationStopped {};

/// A module for validation: with the averaged weights where there are any, and back to training
/// with its own, whatever happens.
class BorrowedModule {
 public:
  BorrowedModule(torch::nn::Module& module, const std::map<std::string, torch::Tensor>& average)
      : module_(module) {
    if (!average.empty()) {
      for (const auto& [name, tensor] : state_of(module)) own_[name] = tensor.clone();
      copy_state(average, module);
    }
    module.eval();
  }
  ~BorrowedModule() {
    if (!own_.empty()) copy_state(own_, module_);
    module_.train();
  }
  BorrowedModule(const BorrowedModule&) = delete;
  BorrowedModule& operator=(const BorrowedModule&) = delete;

 private:
  torch::nn::Module& module_;
  std::map<std::string, torch::Tensor> own_;
};

using NamedNumbers = std::vector<std::pair<std::string, double>>;

/// The terms of a loss after their sum, which is called "loss" and stands last: the terms say more
/// when one is no number. A GPU is asked once.
NamedNumbers numbers_of(const LossTerms& terms, const torch::Tensor& total) {
  std::vector<torch::Tensor> tensors;
  NamedNumbers numbers;
  for (const auto& [name, value] : terms) {
    tensors.push_back(value.detach().to(torch::kFloat64));
    numbers.emplace_back(name, 0);
  }
  tensors.push_back(total.detach().to(torch::kFloat64));
  numbers.emplace_back("loss", 0);
  const auto values = torch::stack(tensors).cpu();
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i].second = values[static_cast<std::int64_t>(i)].item<double>();
  return numbers;
}

torch::ScalarType half_type(const std::string& precision) {
  return precision == "fp16" ? torch::kHalf : torch::kBFloat16;
}

class Trainer {
 public:
  Trainer(const Config& config, const TrainRequest& request);
  void run();

 private:
  void prepare_weights();
  void resume();
  Loader make_loader();
  void train_batches();
  void step(const Batch& batch);
  NamedNumbers forward_backward(const Batch& batch);
  void update_weights(const Batch& batch);
  void update_average();
  void save();
  void validate();
  Scores validate_together(std::vector<ValidationSample>& samples);
  void log(double data_seconds, double step_seconds, std::size_t samples);
  void merge_line();
  void describe();
  void describe_cost();
  template <class Body>
  void heeding_memory(const char* doing, const Body& body) const;
  TrainingPosition position() const { return {iteration_, iterations_, iterations_per_epoch_}; }
  bool due(std::int64_t every) const {
    return iteration_ == iterations_ ||
           iteration_ % (every > 0 ? every : iterations_per_epoch_) < options_.accumulate;
  }

  const Config& config_;
  const TrainRequest& request_;
  TrainOptions options_;
  DataConfig data_config_;
  torch::Device device_;
  Processes processes_;
  OpenedClips data_;
  std::unique_ptr<Dataset> validation_;
  std::unique_ptr<TrainingTask> task_;
  std::unique_ptr<Optimizer> optimizer_;
  LossScaler scaler_;  ///< of fp16; otherwise its scale stays 1
  std::map<std::string, torch::Tensor> average_;
  std::int64_t iteration_ = 0;  ///< done
  std::int64_t iterations_ = 0;
  std::int64_t iterations_per_epoch_ = 0;
  std::int64_t skipped_ = 0;
  double best_ = 0;
  bool has_best_ = false;
  std::unique_ptr<TrainLog> log_;
  std::unique_ptr<TrainingReport> report_;
  TrainLine line_;               ///< sums since the last line
  std::int64_t line_count_ = 0;  ///< of iterations
};

Trainer::Trainer(const Config& config, const TrainRequest& request)
    : config_(config),
      request_(request),
      options_(config.section<TrainOptions>("train")),
      data_config_(config.section<DataConfig>("data")),
      device_(device_of(request)),
      processes_(request.place, std::chrono::seconds(request.join_timeout), device_) {
  if (request.precision != "fp16") scaler_.set_state({.scale = 1});
  set_compute_threads(request.threads);
  torch::manual_seed(request.seed);
  data_ = open_clips(data_config_);
  if (request.validate && config.root().find("validation") != nullptr)
    validation_ = open_dataset(config.section<DatasetSpec>("validation"));
  task_ = make_training_task(config, data_.datasets.front()->classes());
  task_->module().to(device_);
  data_config_.loader.sampler.seed = request.seed;
  data_config_.loader.sampler.rank = processes_.rank();
  data_config_.loader.sampler.world = processes_.world();
  iterations_per_epoch_ = static_cast<std::int64_t>(make_loader().batches_per_epoch());
  if (iterations_per_epoch_ == 0)
    fail("{} samples make no batch of {} for {} processes; lower data.loader.batch_size",
         data_.clips->size(), data_config_.loader.sampler.batch_size, processes_.world());
  for (const std::int64_t every : {options_.checkpoint_every, options_.validate_every})
    if (every % options_.accumulate != 0)
      fail(
          "train.checkpoint_every and train.validate_every must be multiples of train.accumulate "
          "({}), {} is not",
          options_.accumulate, every);
  iterations_ =
      options_.iterations > 0 ? options_.iterations : options_.epochs * iterations_per_epoch_;
}

Loader Trainer::make_loader() {
  LoaderOptions options = data_config_.loader;
  options.heed_interrupt = false;
  options.on_skip = [this](const SkippedSample& skipped) {
    ++skipped_;
    spdlog::warn("skipped {}: {}", skipped.name, skipped.reason);
  };
  LoaderPosition start = {
      .epoch =
          static_cast<std::uint64_t>(iteration_ / std::max<std::int64_t>(1, iterations_per_epoch_)),
      .batch =
          static_cast<std::uint64_t>(iteration_ % std::max<std::int64_t>(1, iterations_per_epoch_)),
      .skipped = skipped_};
  return Loader(*data_.clips, std::move(options), start);
}

void Trainer::describe() {
  const torch::nn::Module& module = task_->module();
  if (processes_.first()) {
    fmt::print("{}", config_.dump());
    fmt::print("# training samples      {}\n", data_.clips->size());
    fmt::print("# validation samples    {}\n", validation_ ? validation_->size() : 0);
    fmt::print("# parameters            {} ({} trained)\n", count_parameters(module, false),
               count_parameters(module, true));
    fmt::print("# iterations            {} in {:.2f} epochs of {}\n", iterations_,
               static_cast<double>(iterations_) / static_cast<double>(iterations_per_epoch_),
               iterations_per_epoch_);
  }
  describe_cost();
}

/// Takes a few steps and forgets them.
void Trainer::describe_cost() {
  constexpr int kSteps = 3;
  prepare_weights();
  Loader loader = make_loader();
  task_->module().train();
  std::vector<double> seconds;
  for (int i = 0; i <= kSteps; ++i) {
    check_interrupt();
    iteration_ = 0;
    const double begin = now();
    heeding_memory("trying", [&] {
      while (iteration_ < options_.accumulate) step(loader.next());
    });
    seconds.push_back((now() - begin) / options_.accumulate);
  }
  std::sort(seconds.begin() + 1, seconds.end());  // the first also sets things up
  const double typical = seconds[1 + kSteps / 2];
  if (!processes_.first()) return;
  fmt::print("# memory                {} at most in {} steps{}\n", format_bytes(peak_memory()),
             kSteps + 1, device_.is_cuda() ? ", without the GPU's" : "");
  fmt::print("# seconds a step        {:.3g} (median of {}, after one to warm up)\n", typical,
             kSteps);
  fmt::print("# time an epoch         {}\n",
             format_duration(typical * static_cast<double>(iterations_per_epoch_)));
  fmt::print("# time in all           {}, without validation\n",
             format_duration(typical * static_cast<double>(iterations_)));
}

template <class Body>
void Trainer::heeding_memory(const char* doing, const Body& body) const {
  try {
    body();
  } catch (const std::exception& error) {
    if (!is_out_of_memory(error)) throw;
    fail(
        "out of memory while {} after iteration {}: lower data.loader.batch_size ({}) or the sizes "
        "in data.pipeline, set model.backbone.recompute to true, or take --precision bf16; the "
        "newest checkpoint is still good",
        doing, iteration_, data_config_.loader.sampler.batch_size);
  }
}

void Trainer::prepare_weights() {
  if (!request_.load_from.empty()) {
    Checkpoint checkpoint = open_checkpoint(request_.load_from);
    strip_module_prefix(checkpoint.tensors);
    if (is_original_swin(checkpoint.tensors))
      checkpoint.tensors = from_original_swin(checkpoint.tensors, "backbone.");
    if (const auto resized = fit_position_tables(checkpoint.tensors, task_->module()))
      spdlog::info("{}: {} tables of positions resized to this model's windows",
                   request_.load_from.string(), resized);
    const LoadReport report = load_what_fits(task_->module(), checkpoint.tensors);
    if (report.loaded == 0)
      fail("{}: none of its {} tensors fits this model", request_.load_from.string(),
           checkpoint.tensors.size());
    spdlog::info("{}: {} tensors loaded{}{}", request_.load_from.string(), report.loaded,
                 report.complete() ? "" : "; ", report.describe());
  }
  processes_.share(task_->module());
  optimizer_ = std::make_unique<Optimizer>(task_->module(), options_.optimizer);
  if (options_.average_decay > 0)
    for (const auto& [name, tensor] : state_of(task_->module())) average_[name] = tensor.clone();
  if (request_.resume) resume();
  processes_.average_gradients(task_->module());
  if (options_.norm == TrainOptions::Norm::kSync && processes_.world() > 1)
    synchronise_batch_norms(task_->module(), [this](torch::Tensor value) {
      return processes_.norm_sum(std::move(value));
    });
}

void Trainer::resume() {
  const auto path = newest_checkpoint(request_.work_dir);
  if (!path) {
    spdlog::info("{}: no checkpoint to go on from, starting", request_.work_dir.string());
    return;
  }
  const TrainingState state = load_training_state(*path);
  with_context(path->string(), [&] {
    copy_state(state.model, task_->module());
    optimizer_->load_state(state.optimizer);
  });
  if (options_.average_decay > 0) average_ = state.average;
  generator_of(device_).set_state(state.random);
  scaler_.set_state(state.loss_scale);
  iteration_ = state.iteration;
  skipped_ = state.skipped_samples;
  best_ = state.best;
  has_best_ = state.has_best;
  spdlog::info("going on from {}", path->string());
}

NamedNumbers Trainer::forward_backward(const Batch& batch) {
  StepContext context = {.device = device_, .mean_over_ranks = {}};
  if (processes_.world() > 1)
    context.mean_over_ranks = [this](torch::Tensor value) { return processes_.mean(value); };
  LossTerms terms;
  {
    const Autocast autocast(device_, half_type(request_.precision), request_.precision != "fp32");
    terms = task_->losses(batch, context);
  }
  const torch::Tensor total = total_loss(terms);
  NamedNumbers values = numbers_of(terms, total);
  for (const auto& [name, value] : values)
    if (!std::isfinite(value))
      fail(
          "iteration {}: {} is {} on {}; the newest checkpoint is still good: lower the learning "
          "rate or look at these samples",
          iteration_ + 1, name, value, names_of(batch));
  const bool last = (iteration_ + 1) % options_.accumulate == 0;
  if (last) processes_.begin_averaging();
  (total * (scaler_.scale() / options_.accumulate)).backward();
  if (last) processes_.finish_averaging();
  return values;
}

void Trainer::step(const Batch& batch) {
  const NamedNumbers values = forward_backward(batch);
  if (line_.terms.empty())
    for (const auto& [name, value] : values) line_.terms.emplace_back(name, 0);
  for (const auto& [name, value] : values) {
    auto term = std::find_if(line_.terms.begin(), line_.terms.end(),
                             [&](const auto& known) { return known.first == name; });
    if (term == line_.terms.end()) term = line_.terms.insert(term, {name, 0});
    term->second += value;
  }
  if ((iteration_ + 1) % options_.accumulate == 0) update_weights(batch);
  ++iteration_;
}

void Trainer::update_weights(const Batch& batch) {
  const double norm = optimizer_->clip(1 / scaler_.scale());
  const bool overflowed = !std::isfinite(norm);
  if (request_.precision == "fp16") {
    scaler_.update(overflowed);
    if (overflowed)
      spdlog::info("iteration {}: gradients of fp16 overflowed, no step; the loss is scaled by {}",
                   iteration_ + 1, scaler_.scale());
  } else if (overflowed) {
    fail(
        "iteration {}: the norm of the gradients is {} on {}; the newest checkpoint is still good: "
        "lower the learning rate or look at these samples",
        iteration_ + 1, norm, names_of(batch));
  }
  if (!overflowed) {
    line_.gradient_norm += norm;
    line_.lr = learning_rate(options_.schedule, options_.optimizer.lr, position());
    optimizer_->step(
        [&](double base) { return learning_rate(options_.schedule, base, position()); });
    update_average();
  }
  optimizer_->clear_gradients();
}

void Trainer::update_average() {
  if (options_.average_decay == 0) return;
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : state_of(task_->module())) {
    const torch::Tensor& average = average_.at(name);
    if (suits_loops(tensor) && suits_loops(average))
      approach(average, tensor, 1 - options_.average_decay);
    else if (tensor.is_floating_point())
      average.lerp_(tensor, 1 - options_.average_decay);
    else
      average.copy_(tensor);
  }
}

void Trainer::save() {
  if (!processes_.first()) return;
  const HoldInterrupt hold;
  TrainingState state = {.model = state_of(task_->module()),
                         .optimizer = optimizer_->state(),
                         .average = average_,
                         .random = generator_of(device_).get_state(),
                         .loss_scale = scaler_.state(),
                         .iteration = iteration_,
                         .skipped_samples = skipped_,
                         .best = best_,
                         .has_best = has_best_,
                         .config = config_.dump()};
  save_training_state(checkpoint_path(request_.work_dir, iteration_), state);
  remove_old_checkpoints(request_.work_dir, options_.keep);
}

/// Every process does its part. Nothing when one of them was asked to stop.
Scores Trainer::validate_together(std::vector<ValidationSample>& samples) {
  bool exchanged = false;
  const auto exchange = [&](const std::string& mine) {
    exchanged = true;
    auto parts = processes_.gather(mine);
    if (std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); }))
      throw ValidationStopped();
    return parts;
  };
  task_->share_validation({{processes_.rank(), processes_.world()}, exchange});
  try {
    Scores scores = task_->validate(*validation_, request_.threads, [&](ValidationSample sample) {
      samples.push_back(std::move(sample));
    });
    // A task that does everything in every process has nothing to exchange.
    if (!exchanged) exchange("done");
    return scores;
  } catch (const Interrupted&) {
    if (!exchanged) processes_.gather("");
  } catch (const ValidationStopped&) {
  }
  return {};  // the loop saves before it ends
}

void Trainer::validate() {
  if (!validation_) return;
  torch::nn::Module& module = task_->module();
  const BorrowedModule borrowed(module, average_);
  processes_.share(module);  // running statistics are each process's own
  std::vector<ValidationSample> samples;
  Scores scores;
  heeding_memory("validating", [&] { scores = validate_together(samples); });
  if (scores.empty() || !processes_.first()) return;
  log_->write(iteration_, scores);
  report_->set_samples(iteration_, std::move(samples));
  if (!has_best_ || scores.front().second > best_) {
    best_ = scores.front().second;
    has_best_ = true;
    save_weights(request_.work_dir / "best.pth", state_of(module));
  }
}

void Trainer::log(double data_seconds, double step_seconds, std::size_t samples) {
  line_.data_seconds += data_seconds;
  line_.step_seconds += data_seconds + step_seconds;
  line_.samples_per_second += static_cast<double>(samples);
  ++line_count_;
  if (iteration_ % options_.log_every != 0 && iteration_ != iterations_) return;
  const auto count = static_cast<double>(line_count_);
  line_.iteration = iteration_;
  line_.iterations = iterations_;
  line_.epoch = static_cast<double>(iteration_) / static_cast<double>(iterations_per_epoch_);
  for (auto& [name, value] : line_.terms) value /= count;
  merge_line();
  line_.gradient_norm /= std::max(1.0, count / options_.accumulate);
  line_.samples_per_second *= processes_.world() / line_.step_seconds;
  line_.step_seconds /= count;
  line_.data_seconds /= count;
  line_.memory_bytes = peak_memory();
  line_.remaining_seconds = line_.step_seconds * static_cast<double>(iterations_ - iteration_);
  if (processes_.first()) {
    log_->write(line_);
    report_->refresh();
  }
  line_ = {};
  line_count_ = 0;
}

/// Means over the processes.
void Trainer::merge_line() {
  std::vector<double> values = {line_.data_seconds, line_.step_seconds,
                                static_cast<double>(skipped_)};
  for (const auto& [name, value] : line_.terms) values.push_back(value);
  values = processes_.mean(values);
  line_.data_seconds = values[0];
  line_.step_seconds = values[1];
  line_.skipped_samples = std::llround(values[2] * processes_.world());
  for (std::size_t i = 0; i < line_.terms.size(); ++i) line_.terms[i].second = values[3 + i];
}

void Trainer::run() {
  if (request_.dry_run) {
    describe();
    return;
  }
  if (!request_.resume && newest_checkpoint(request_.work_dir))
    fail(
        "{} holds the checkpoints of another training; add --resume to go on with it, or choose "
        "another --work-dir",
        request_.work_dir.string());
  make_directories(request_.work_dir);
  prepare_weights();
  if (processes_.first()) {
    config_.save(request_.work_dir / "config.yaml");
    log_ = std::make_unique<TrainLog>(request_.work_dir, request_.resume, iteration_);
    report_ = std::make_unique<TrainingReport>(request_.work_dir);
  }
  train_batches();
  if (processes_.first()) report_->refresh();
  check_interrupt();
  if (processes_.first())
    save_weights(request_.work_dir / "last.pth",
                 average_.empty() ? state_of(task_->module()) : average_);
  processes_.barrier();
}

void Trainer::train_batches() {
  Loader loader = make_loader();
  task_->module().train();
  const std::int64_t started = iteration_;
  while (iteration_ < iterations_) {
    heeding_memory("training", [&] {
      const double begin = now();
      const Batch batch = loader.next();
      const double ready = now();
      step(batch);
      log(ready - begin, now() - ready, batch.frames.size());
    });
    if (iteration_ % options_.accumulate != 0) continue;
    if (due(options_.validate_every)) validate();
    const bool stop = processes_.any(interrupted());
    if (due(options_.checkpoint_every) || (stop && iteration_ > started)) save();
    if (stop) break;
  }
}

}  // namespace

void read_fields(ConfigReader& reader, TrainOptions& options) {
  reader.read("epochs", options.epochs, {.low = 1});
  reader.read("iterations", options.iterations, {.low = 0});
  reader.read("optimizer", options.optimizer);
  reader.read("schedule", options.schedule);
  reader.read("accumulate", options.accumulate, {.low = 1});
  reader.read("norm", options.norm,
              {{"local", TrainOptions::Norm::kLocal}, {"sync", TrainOptions::Norm::kSync}});
  reader.read("average_decay", options.average_decay, {.low = 0, .high = 1});
  reader.read("log_every", options.log_every, {.low = 1});
  reader.read("checkpoint_every", options.checkpoint_every, {.low = 0});
  reader.read("validate_every", options.validate_every, {.low = 0});
  reader.read("keep", options.keep, {.low = 1});
}

void train(const Config& config, const TrainRequest& request) { Trainer(config, request).run(); }

}  // namespace tessera
