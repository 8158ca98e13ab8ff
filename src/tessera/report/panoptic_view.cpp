#include "tessera/report/panoptic_view.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tessera/core/error.h"
#include "tessera/core/random.h"
#include "tessera/core/text.h"
#include "tessera/data/datasets/cityscapes_classes.h"

namespace tessera {
namespace {

using Rgb = std::array<std::uint8_t, 3>;

const std::vector<std::string> kNames = {"panoptic", "semantic", "instance", "overlay", "grid"};

Rgb pixel_color(ViewMode mode, const std::uint8_t* step) {
  const int category = step[0];
  const int id = step[1] * 256 + step[2];
  const auto& classes = cityscapes_classes();
  if (category >= static_cast<int>(classes.size())) return {};
  Rgb color = classes[category].color;
  if (mode == ViewMode::kInstance && id == 0) return {};
  if (mode == ViewMode::kSemantic || id == 0) return color;
  // The same object has the same colour in every frame: it comes from the identity alone.
  const std::uint64_t hash = splitmix64(static_cast<std::uint64_t>(category) << 16 | id);
  for (int c = 0; c < 3; ++c)
    color[c] = static_cast<std::uint8_t>(color[c] / 2 + ((hash >> 8 * c) & 127));
  return color;
}

bool same_pixel(const std::uint8_t* a, const std::uint8_t* b) { return std::equal(a, a + 3, b); }

bool on_outline(const Image& step, int x, int y) {
  const std::uint8_t* here = &step.at(x, y);
  return (x + 1 < step.width() && !same_pixel(here, &step.at(x + 1, y))) ||
         (y + 1 < step.height() && !same_pixel(here, &step.at(x, y + 1)));
}

}  // namespace

ViewMode view_mode_from_name(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end())
    throw UsageError(fmt::format("unknown mode '{}'{}; expected one of {}", name,
                                 did_you_mean(name, kNames), fmt::join(kNames, ", ")));
  return static_cast<ViewMode>(found - kNames.begin());
}

bool needs_picture(ViewMode mode) { return mode == ViewMode::kOverlay || mode == ViewMode::kGrid; }

Image draw_panoptic(ViewMode mode, const Image& step, const Image& picture) {
  const int above = mode == ViewMode::kGrid ? step.height() : 0;
  Image out({step.width(), step.height() + above}, 3);
  if (above > 0) std::copy(picture.values().begin(), picture.values().end(), out.values().begin());
  for (int y = 0; y < step.height(); ++y)
    for (int x = 0; x < step.width(); ++x) {
      Rgb color = pixel_color(mode, &step.at(x, y));
      if (mode == ViewMode::kOverlay) {
        const std::uint8_t* under = &picture.at(x, y);
        const bool line = on_outline(step, x, y);
        for (int c = 0; c < 3; ++c)
          color[c] = line ? 255 : static_cast<std::uint8_t>((color[c] + under[c] + 1) / 2);
      }
      std::copy(color.begin(), color.end(), &out.at(x, y + above));
    }
  return out;
}

}  // namespace tessera
