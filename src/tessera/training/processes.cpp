#include "tessera/training/processes.h"

#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

#include "tessera/core/error.h"
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

struct Processes::Group {
  c10::intrusive_ptr<c10d::TCPStore> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
  std::unique_ptr<GradientAverager> averager;
};

Processes::Processes(const ProcessPlace& place, std::chrono::seconds timeout) : place_(place) {
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
    auto gloo = c10d::ProcessGroupGloo::Options::create();
    gloo->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(
        place.host == "127.0.0.1" ? place.host : [] {
          char name[256] = {};
          gethostname(name, sizeof name - 1);
          return std::string(name);
        }()));
    gloo->timeout = timeout;
    group_->gloo =
        c10::make_intrusive<c10d::ProcessGroupGloo>(group_->store, place.rank, place.world, gloo);
  } catch (const std::exception& error) {
    const std::string text = error.what();
    const std::string reason = text.substr(0, text.find('\n'));
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
    const std::string text = error.what();
    fail("rank {} of {}: {} failed, another process has ended: {}", place.rank, place.world, what,
         text.substr(0, text.find('\n')));
  }
}

}  // namespace

torch::Tensor Processes::mean(torch::Tensor value) {
  if (!group_) return value;
  std::vector<torch::Tensor> tensors = {value.detach().clone()};
  together(place_, "averaging", [&] { group_->gloo->allreduce(tensors)->wait(); });
  return tensors[0] / place_.world;
}

bool Processes::any(bool value) {
  return mean(torch::tensor(value ? 1.0F : 0.0F)).item<float>() > 0;
}

void Processes::barrier() {
  if (group_) together(place_, "waiting", [&] { group_->gloo->barrier()->wait(); });
}

void Processes::share(torch::nn::Module& module) {
  if (!group_) return;
  const torch::NoGradGuard no_grad;
  const auto send = [&](torch::Tensor tensor) {
    std::vector<torch::Tensor> tensors = {tensor.detach()};
    together(place_, "sharing weights", [&] { group_->gloo->broadcast(tensors)->wait(); });
  };
  for (const auto& parameter : module.parameters()) send(parameter);
  for (const auto& buffer : module.buffers()) send(buffer);
}

void Processes::average_gradients(const torch::nn::Module& module) {
  if (group_) group_->averager = std::make_unique<GradientAverager>(module, *group_->gloo);
}

void Processes::begin_averaging() {
  if (group_) group_->averager->begin();
}

void Processes::finish_averaging() {
  if (group_) together(place_, "averaging gradients", [&] { group_->averager->finish(); });
}

}  // namespace tessera
