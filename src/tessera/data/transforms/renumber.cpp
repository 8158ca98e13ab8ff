#include "tessera/data/transforms/renumber.h"

#include <map>
#include <numeric>
#include <utility>

#include "tessera/core/error.h"

namespace tessera {

std::vector<int> choose_numbers(int objects, const RenumberOptions& options, Random& random) {
  if (objects >= options.numbers)
    fail("{} objects, but numbers from 1 to {} only; raise 'numbers' of the step 'renumber'",
         objects, options.numbers - 1);
  const bool any = options.order == RenumberOptions::Order::kRandom;
  std::vector<int> numbers(any ? options.numbers - 1 : objects);
  std::iota(numbers.begin(), numbers.end(), 1);
  for (std::size_t i = numbers.size(); i > 1; --i)
    std::swap(numbers[i - 1], numbers[random.uniform_int(0, static_cast<std::int64_t>(i) - 1)]);
  numbers.resize(objects);
  return numbers;
}

void renumber_objects(Clip& clip, const RenumberOptions& options, Random& random) {
  std::map<std::pair<int, std::int64_t>, int> ranks;
  int untracked = 0;
  for (const Frame& frame : clip)
    for (const FrameObject& object : frame.objects) {
      if (object.track_id < 0)
        ++untracked;
      else
        ranks[{object.category, object.track_id}] = 0;
    }
  int next = 0;
  for (auto& [track, rank] : ranks) rank = next++;
  const std::vector<int> numbers = choose_numbers(next + untracked, options, random);
  for (Frame& frame : clip)
    for (FrameObject& object : frame.objects) {
      const int rank = object.track_id < 0 ? next++ : ranks.at({object.category, object.track_id});
      object.track_id = numbers[rank];
    }
}

}  // namespace tessera
