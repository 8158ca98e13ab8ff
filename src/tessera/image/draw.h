#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "tessera/image/image.h"

/// What overlays, contact sheets and reports draw with. Whatever reaches over the border of a
/// picture is cut off there.
namespace tessera {

/// PASCAL VOC's colour map, DAVIS's too: the bits of the index dealt to R, G and B from the top.
const std::array<Color, 256>& voc_palette();

/// A vivid colour for an identity: the same wherever it is asked for, and unlike those of the
/// identities just before and after it.
Color identity_color(std::uint64_t identity);

struct Point {
  int x = 0, y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

/// Pixels [x, x + width) of the rows [y, y + height).
struct Area {
  int x = 0, y = 0, width = 0, height = 0;
};

void fill(Image& image, const Area& area, Color color);
/// Puts the left upper corner of `picture` at `place`.
void paste(Image& image, const Image& picture, Point place);

/// Text of one line, whose capitals are `height` pixels tall.
int text_width(std::string_view text, int height);
void draw_text(Image& image, std::string_view text, Point left_top, int height, Color color);
/// Text in black or white, whichever is read more easily, on a box of `color`, centred on `center`
/// but moved to be inside the picture.
void draw_tag(Image& image, std::string_view text, Point center, int height, Color color);

/// The pixel of the mask (non-zero pixels) that is farthest from its outline, and how far it is;
/// -1 for an empty mask.
struct InnerPoint {
  Point point;
  float distance = -1;
};
InnerPoint inner_point(const Pixels<std::uint8_t>& mask);

/// The largest size of the same shape within `limit`; at least 1x1.
Size fit_within(Size size, Size limit);
/// Shrinks by averaging, enlarges smoothly.
Image scaled_to(const Image& image, Size size);

}  // namespace tessera
