#include "tessera/core/random.h"

#include <cmath>
#include <numbers>

namespace tessera {

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

std::uint64_t splitmix64(std::uint64_t state) {
  state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9ULL;
  state = (state ^ (state >> 27)) * 0x94D049BB133111EBULL;
  return state ^ (state >> 31);
}

Random Random::fork(std::uint64_t key) const {
  return Random(state_ ^ splitmix64(key * kGamma + kGamma));
}

std::int64_t Random::uniform_int(std::int64_t low, std::int64_t high) {
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  if (span == 0) return static_cast<std::int64_t>((*this)());
  // Rejection keeps every value equally likely.
  const std::uint64_t limit = max() - max() % span;
  std::uint64_t value = (*this)();
  while (value >= limit) value = (*this)();
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + value % span);
}

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace tessera
