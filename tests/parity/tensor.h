#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tessera::parity {

/// A tensor as the comparison sees it, whatever library computed it. Every integer that a golden
/// holds is exact in a double.
struct Values {
  std::vector<std::int64_t> shape;
  std::vector<double> data;  ///< row-major
  bool is_integer = false;   ///< integers and booleans are compared exactly

  std::int64_t numel() const;
};

/// A tensor from numbers of any type.
template <class T>
Values make_values(std::vector<std::int64_t> shape, const std::vector<T>& data) {
  return {.shape = std::move(shape),
          .data = {data.begin(), data.end()},
          .is_integer = std::is_integral_v<T>};
}

/// "[2, 3, 4]".
std::string format_shape(const std::vector<std::int64_t>& shape);

/// full[::steps[0], ::steps[1], ...]; dimensions beyond the steps stay whole.
Values subsample(const Values& full, const std::vector<std::int64_t>& steps);

/// full[:rows].
Values first_rows(const Values& full, std::int64_t rows);

/// The vector rule of the training cases: flatten()[::max(1, numel/32)|1][:32].
Values sample_vector(const Values& full);

/// How far two tensors of one shape are apart.
struct Difference {
  double max_relative = 0;        ///< max|a-b| / max|b|
  double max_absolute = 0;        ///< max|a-b|
  double differing_fraction = 0;  ///< how many elements are not equal
  std::int64_t worst_index = 0;   ///< the flat index of max|a-b|
};

/// A NaN on one side only counts as an infinite difference.
Difference measure(const Values& actual, const Values& expected);

}  // namespace tessera::parity
