#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

namespace tessera {

/// A sum of IoUs without any rounding, so that it is the same for every order and every split of
/// the terms. Each term is a double of at least 1/2, hence a multiple of 2^-53: a 128-bit integer
/// in that unit holds the exact sum of 2^74 terms of 1.
class ExactSum {
 public:
  /// `term` in [0.5, 2^20] (matched segments have an IoU above one half).
  void add(double term);
  void add(const ExactSum& other) { units_ += other.units_; }
  /// The double nearest to the exact sum.
  double value() const;

  nlohmann::json save() const;
  static ExactSum restore(const nlohmann::json& saved);

  friend bool operator==(const ExactSum&, const ExactSum&) = default;

 private:
  __extension__ using Units = unsigned __int128;
  Units units_ = 0;
};

}  // namespace tessera
