#pragma once

#include <vector>

#include "tessera/core/random.h"
#include "tessera/data/transforms/frame.h"

namespace tessera {

/// Pix2Seq-D's instance numbers, which its network has to name objects by.
struct RenumberOptions {
  enum class Order {
    kShuffle,  ///< 1 to the number of objects, in a random order
    kRandom,   ///< any different ones
  };
  Order order = Order::kShuffle;
  int numbers = 256;  ///< they lie below this; 0 stands for no object
};

/// The numbers of `objects` objects.
std::vector<int> choose_numbers(int objects, const RenumberOptions& options, Random& random);

/// Replaces the track ids of a clip's objects: the same class and track get the same number in
/// every frame, an object without a track one of its own. The objects are numbered by class, then
/// track.
void renumber_objects(Clip& clip, const RenumberOptions& options, Random& random);

}  // namespace tessera
