#include "tessera/metrics/exact_sum.h"

#include <cmath>

#include "tessera/core/error.h"

namespace tessera {
namespace {
constexpr int kFractionBits = 53;
}  // namespace

void ExactSum::add(double term) {
  if (!(term >= 0.5 && term <= 0x1p20)) fail("an IoU of {} is outside [0.5, 2^20]", term);
  units_ += static_cast<Units>(std::ldexp(term, kFractionBits));
}

double ExactSum::value() const { return std::ldexp(static_cast<double>(units_), -kFractionBits); }

nlohmann::json ExactSum::save() const {
  return {static_cast<std::uint64_t>(units_ >> 64), static_cast<std::uint64_t>(units_)};
}

ExactSum ExactSum::restore(const nlohmann::json& saved) {
  ExactSum sum;
  sum.units_ =
      static_cast<Units>(saved.at(0).get<std::uint64_t>()) << 64 | saved.at(1).get<std::uint64_t>();
  return sum;
}

}  // namespace tessera
