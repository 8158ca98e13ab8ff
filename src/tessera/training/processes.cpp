#include "tessera/training/processes.h"

#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef USE_C10D_NCCL  // libtorch says so where it has NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#include <vector>

#include "tessera/core/error.h"
#include "tessera/nn/compat.h"
#include "tessera/training/gradient_averager.h"

namespace tessera {
namespace {

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

int number(const char* name, const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0)
    fail("the environment's {} is '{}', expected a whole number", name, text);
  return value;
}

std::optional<int> number_of(const char* name) {
  const auto text = variable(name);
  return text ? std::optional<int>(number(name, *text)) : std::nullopt;
}

int require_number(const char* name, const char* because) {
  const auto value = number_of(name);
  if (!value) fail("the environment has {} but not {}; a launcher sets both", because, name);
  return *value;
}

/// The first host of Slurm's list: "node[3-5,9]" and "node3,node7" start with node3.
std::string first_host(const std::string& list) {
  const auto bracket = list.find('[');
  const auto comma = list.find(',');
  if (bracket == std::string::npos || comma < bracket) return list.substr(0, comma);
  const auto end = list.find_first_of(",-]", bracket);
  return list.substr(0, bracket) + list.substr(bracket + 1, end - bracket - 1);
}

}  // namespace

ProcessPlace place_from_environment() {
  ProcessPlace place;
  struct Launcher {
    const char *rank, *world, *local_rank;
  };
  constexpr Launcher kLaunchers[] = {
      {"RANK", "WORLD_SIZE", "LOCAL_RANK"},
      {"SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"},
      {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"}};
  for (const Launcher& launcher : kLaunchers) {
    const auto rank = number_of(launcher.rank);
    if (!rank) continue;
    place.rank = *rank;
    place.world = require_number(launcher.world, launcher.rank);
    place.local_rank = number_of(launcher.local_rank).value_or(0);
    if (place.world < 1 || place.rank >= place.world)
      fail("{} is {}, but {} is {}; ranks run from 0 to the number of processes less one",
           launcher.rank, place.rank, launcher.world, place.world);
    break;
  }
  if (const auto host = variable("MASTER_ADDR"))
    place.host = *host;
  else if (const auto nodes = variable("SLURM_JOB_NODELIST"))
    place.host = first_host(*nodes);
  place.port = number_of("MASTER_PORT").value_or(place.port);
  return place;
}

namespace {

using Store = c10::intrusive_ptr<c10d::Store>;

/// c10d's errors are followed by a stack trace.
std::string first_line(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

c10::intrusive_ptr<Collective> make_gloo(const Store& store, const char* name,
                                         const ProcessPlace& place, std::chrono::seconds timeout) {
  auto options = c10d::ProcessGroupGloo::Options::create();
  options->devices.push_back(
      c10d::ProcessGroupGloo::createDeviceForHostname(place.host == "127.0.0.1" ? place.host : [] {
        char host[256] = {};
        gethostname(host, sizeof host - 1);
        return std::string(host);
      }()));
  options->timeout = timeout;
  return c10::make_intrusive<c10d::ProcessGroupGloo>(
      c10::make_intrusive<c10d::PrefixStore>(name, store), place.rank, place.world, options);
}

#ifdef USE_C10D_NCCL
c10::intrusive_ptr<Collective> make_nccl(const Store& store, const char* name,
                                         const ProcessPlace& place, std::chrono::seconds timeout) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(
      c10::make_intrusive<c10d::PrefixStore>(name, store), place.rank, place.world, options);
}
#else
c10::intrusive_ptr<Collective> make_nccl(const Store&, const char*, const ProcessPlace& place,
                                         std::chrono::seconds) {
  fail(
      "{} processes cannot train together on CUDA: this libtorch was built without NCCL; take one "
      "that has it, or train with one process",
      place.world);
}
#endif

}  // namespace

struct Processes::Group {
  c10::intrusive_ptr<c10d::TCPStore> store;
  c10::intrusive_ptr<Collective> steps;    ///< on the model's device
  c10::intrusive_ptr<Collective> norms;    ///< the same, for norm_sum()
  c10::intrusive_ptr<Collective> patient;  ///< on the CPU, without haste
  std::unique_ptr<GradientAverager> averager;
};

Processes::Processes(const ProcessPlace& place, std::chrono::seconds timeout, torch::Device device)
    : place_(place) {
  if (place.world == 1) return;
  group_ = std::make_unique<Group>();
  try {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(place.port);
    options.isServer = place.rank == 0;
    options.numWorkers = static_cast<std::size_t>(place.world);
    options.waitWorkers = true;
    options.timeout = timeout;
    group_->store = c10::make_intrusive<c10d::TCPStore>(place.host, options);
    const auto make = device.is_cuda() ? make_nccl : make_gloo;
    group_->steps = make(group_->store, "steps", place, timeout);
    group_->norms = make(group_->store, "norms", place, timeout);
    // A process that has ended is noticed at once all the same: its connections are closed.
    group_->patient = make_gloo(group_->store, "patient", place, std::chrono::hours(24));
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    const std::string reason = first_line(error);
    if (place.rank == 0)
      fail(
          "rank 0 of {} cannot bring the processes together at {}:{}: {}; is the port taken (set "
          "MASTER_PORT), or did a process not start?",
          place.world, place.host, place.port, reason);
    fail(
        "rank {} of {} cannot reach rank 0 at {}:{}: {}; check MASTER_ADDR, MASTER_PORT and that "
        "every process was told the same number of them",
        place.rank, place.world, place.host, place.port, reason);
  }
}

Processes::~Processes() = default;

namespace {

/// c10d's errors as one line of ours.
template <class Body>
auto together(const ProcessPlace& place, const char* what, const Body& body) {
  try {
    return body();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    fail("rank {} of {}: {} failed, another process has ended: {}", place.rank, place.world, what,
         first_line(error));
  }
}

torch::Tensor sum(Collective& processes, const torch::Tensor& value) {
  std::vector<torch::Tensor> tensors = {value.detach().clone()};
  processes.allreduce(tensors)->wait();
  return tensors[0];
}

}  // namespace

torch::Tensor Processes::mean(torch::Tensor value) {
  if (!group_) return value;
  return together(place_, "averaging", [&] { return sum(*group_->steps, value); }) / place_.world;
}

torch::Tensor Processes::norm_sum(torch::Tensor value) {
  if (!group_) return value;
  return together(place_, "a synchronised norm", [&] { return sum(*group_->norms, value); });
}

std::vector<double> Processes::mean(const std::vector<double>& values) {
  if (!group_) return values;
  const auto means =
      together(place_, "averaging",
               [&] { return sum(*group_->patient, torch::tensor(values, torch::kFloat64)); }) /
      place_.world;
  return {means.data_ptr<double>(), means.data_ptr<double>() + means.numel()};
}

bool Processes::any(bool value) { return mean(std::vector<double>{value ? 1.0 : 0.0})[0] > 0; }

std::vector<std::string> Processes::gather(const std::string& text) {
  if (!group_) return {text};
  return together(place_, "gathering", [&] {
    const auto lengths = torch::zeros({place_.world}, torch::kInt64);
    lengths[place_.rank] = static_cast<std::int64_t>(text.size());
    const auto of_all = sum(*group_->patient, lengths);
    const std::int64_t longest = std::max<std::int64_t>(1, of_all.max().item<std::int64_t>());
    std::vector<torch::Tensor> mine = {torch::zeros({longest}, torch::kUInt8)};
    std::copy(text.begin(), text.end(), mine[0].data_ptr<std::uint8_t>());
    std::vector<std::vector<torch::Tensor>> parts(1);
    for (int rank = 0; rank < place_.world; ++rank) parts[0].push_back(torch::empty_like(mine[0]));
    group_->patient->allgather(parts, mine)->wait();
    std::vector<std::string> texts;
    for (int rank = 0; rank < place_.world; ++rank)
      texts.emplace_back(reinterpret_cast<const char*>(parts[0][rank].data_ptr<std::uint8_t>()),
                         of_all[rank].item<std::int64_t>());
    return texts;
  });
}

void Processes::barrier() {
  if (group_) together(place_, "waiting", [&] { group_->patient->barrier()->wait(); });
}

void Processes::share(torch::nn::Module& module) {
  if (!group_) return;
  const torch::NoGradGuard no_grad;
  const auto send = [&](torch::Tensor tensor) {
    std::vector<torch::Tensor> tensors = {tensor.detach()};
    together(place_, "sharing weights", [&] { group_->steps->broadcast(tensors)->wait(); });
  };
  for (const auto& parameter : module.parameters()) send(parameter);
  for (const auto& buffer : module.buffers()) send(buffer);
}

void Processes::average_gradients(const torch::nn::Module& module) {
  if (group_) group_->averager = std::make_unique<GradientAverager>(module, *group_->steps);
}

void Processes::begin_averaging() {
  if (group_) group_->averager->begin();
}

void Processes::finish_averaging() {
  if (group_) together(place_, "averaging gradients", [&] { group_->averager->finish(); });
}

}  // namespace tessera
