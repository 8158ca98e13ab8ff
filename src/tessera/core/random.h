#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

namespace tessera {

/// FNV-1a, 64 bits: the seed of a stream that has a name.
std::uint64_t fnv1a(std::string_view text);

/// One step of splitmix64's output function.
std::uint64_t splitmix64(std::uint64_t state);

/// A seeded stream of random numbers (splitmix64), the same on every machine and for any number of
/// threads. Give every sample or object a stream of its own with fork(), never share one between
/// threads.
class Random {
 public:
  using result_type = std::uint64_t;

  explicit Random(std::uint64_t seed = 0) : state_(splitmix64(seed)) {}

  /// An independent stream that depends on this stream's seed and `key` only, not on how much was
  /// drawn.
  Random fork(std::uint64_t key) const;
  Random fork(std::string_view name) const { return fork(fnv1a(name)); }

  std::uint64_t operator()() { return splitmix64(state_ + ++drawn_ * kGamma); }
  static constexpr std::uint64_t min() { return 0; }
  static constexpr std::uint64_t max() { return std::numeric_limits<std::uint64_t>::max(); }

  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  /// Uniform whole number in [low, high], both included.
  std::int64_t uniform_int(std::int64_t low, std::int64_t high);

  /// Standard normal (Box-Muller).
  double normal();

  bool coin(double probability = 0.5) { return uniform() < probability; }

  /// The position in the stream, to save and restore.
  std::uint64_t drawn() const { return drawn_; }
  void set_drawn(std::uint64_t drawn) { drawn_ = drawn; }

 private:
  static constexpr std::uint64_t kGamma = 0x9E3779B97F4A7C15;
  std::uint64_t state_;
  std::uint64_t drawn_ = 0;
};

}  // namespace tessera
