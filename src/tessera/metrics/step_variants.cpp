#include "tessera/metrics/step_variants.h"

#include <numeric>

#include "tessera/core/error.h"
#include "tessera/metrics/street_classes.h"

namespace tessera {
namespace {

constexpr int kStreetClasses = 19;
constexpr int kVipSegClasses = 124;
constexpr int kVipSegStuffClasses = 66;

std::vector<int> range(int first, int end) {
  std::vector<int> values(static_cast<std::size_t>(end - first));
  std::iota(values.begin(), values.end(), first);
  return values;
}

}  // namespace

std::vector<Category> step_categories(const EvalOptions& options, StepThings things) {
  const bool vipseg = options.variant == "vipseg";
  const int classes = options.num_classes.value_or(vipseg ? kVipSegClasses : kStreetClasses);
  const std::vector<int> usual = vipseg ? range(kVipSegStuffClasses, kVipSegClasses)
                                 : things == StepThings::kTracked ? std::vector<int>{11, 13}
                                                                  : range(11, kStreetClasses);
  const std::vector<int> chosen = options.things.value_or(usual);
  for (const int thing : chosen)
    if (thing < 0 || thing >= classes)
      throw UsageError(fmt::format("--things {}: the classes are 0 to {}", thing, classes - 1));
  return classes == kStreetClasses ? street_categories(chosen) : plain_categories(classes, chosen);
}

}  // namespace tessera
