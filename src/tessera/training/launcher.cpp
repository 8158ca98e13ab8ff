#include "tessera/training/launcher.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <thread>

#include "tessera/core/error.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/log.h"

namespace tessera {
namespace {

/// A port that nobody listens on at this moment.
int free_port() {
  const int handle = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool ok = handle >= 0 &&
                  ::bind(handle, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                  ::getsockname(handle, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  if (handle >= 0) ::close(handle);
  if (!ok) fail("no free port on this machine: {}", std::strerror(errno));
  return ntohs(address.sin_port);
}

pid_t start(const std::vector<std::string>& arguments, int rank, int count, int port) {
  const pid_t child = ::fork();
  if (child < 0) fail("cannot start process {}: {}", rank, std::strerror(errno));
  if (child > 0) return child;
  const auto set = [](const char* name, const std::string& value) {
    ::setenv(name, value.c_str(), /*overwrite=*/1);
  };
  set("RANK", std::to_string(rank));
  set("LOCAL_RANK", std::to_string(rank));
  set("WORLD_SIZE", std::to_string(count));
  set("MASTER_ADDR", "127.0.0.1");
  set("MASTER_PORT", std::to_string(port));
  std::vector<char*> pointers;
  for (const std::string& argument : arguments)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  ::execv("/proc/self/exe", pointers.data());
  std::_Exit(127);
}

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int launch_processes(const std::vector<std::string>& arguments, int count) {
  const int port = free_port();
  std::map<pid_t, int> ranks;
  for (int rank = 0; rank < count; ++rank) ranks[start(arguments, rank, count, port)] = rank;
  int result = 0;
  bool told = false;
  using Clock = std::chrono::steady_clock;
  Clock::time_point deadline = Clock::time_point::max();
  while (!ranks.empty()) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, WNOHANG);
    if (ended > 0) {
      const int code = exit_code(status);
      if (code != 0 && result == 0) {
        result = code;
        spdlog::warn("process {} of {} {}; ending the others", ranks[ended], count,
                     WIFSIGNALED(status)
                         ? fmt::format("was ended by signal {}{}", WTERMSIG(status),
                                       WTERMSIG(status) == SIGKILL
                                           ? " (the system's, when its memory is used up)"
                                           : "")
                         : fmt::format("has ended with {}", code));
      }
      ranks.erase(ended);
      continue;
    }
    if ((result != 0 || interrupted()) && !told) {
      told = true;
      deadline = Clock::now() + std::chrono::seconds(20);
      for (const auto& [child, rank] : ranks) ::kill(child, SIGTERM);
    }
    if (Clock::now() > deadline)
      for (const auto& [child, rank] : ranks) ::kill(child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return result;
}

int run_program(const std::vector<std::string>& arguments, const std::filesystem::path& log) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) fail("{}: cannot be written ({})", log.string(), std::strerror(errno));
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execv("/proc/self/exe", pointers.data());
    std::_Exit(127);
  }
  ::close(file);
  if (child < 0) fail("cannot start a process: {}", std::strerror(errno));
  bool told = false;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (interrupted() && !told) {
      told = true;
      ::kill(child, SIGTERM);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  check_interrupt();
  return exit_code(status);
}

}  // namespace tessera
