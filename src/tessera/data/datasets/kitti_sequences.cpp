#include "tessera/data/datasets/kitti_sequences.h"

#include <numeric>

#include "tessera/core/error.h"

namespace tessera {

std::vector<std::string> kitti_sequences(const std::string& split) {
  constexpr int kTestSequences = 29;
  std::vector<int> numbers;
  if (split == "train")
    numbers = {0, 1, 3, 4, 5, 9, 11, 12, 15, 17, 19, 20};
  else if (split == "val")
    numbers = {2, 6, 7, 8, 10, 13, 14, 16, 18};
  else if (split == "test") {
    numbers.resize(kTestSequences);
    std::iota(numbers.begin(), numbers.end(), 0);
  } else {
    fail("split '{}' is unknown; KITTI has train, val and test", split);
  }
  std::vector<std::string> names;
  for (const int number : numbers) names.push_back(fmt::format("{:04}", number));
  return names;
}

}  // namespace tessera
