#include "tessera/image/rle.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "tessera/core/error.h"

namespace tessera {
namespace {

/// Reads down the columns; `is_foreground(x, y)`.
template <class Predicate>
Rle encode(Size size, Predicate is_foreground) {
  Rle rle{size, {}};
  bool current = false;
  std::uint32_t run = 0;
  for (int x = 0; x < size.width; ++x)
    for (int y = 0; y < size.height; ++y) {
      if (is_foreground(x, y) != current) {
        rle.counts.push_back(run);
        run = 0;
        current = !current;
      }
      ++run;
    }
  rle.counts.push_back(run);
  return rle;
}

}  // namespace

Rle rle_encode(const Pixels<std::uint8_t>& mask) {
  return encode(mask.size(), [&](int x, int y) { return mask.at(x, y) != 0; });
}

Rle rle_encode(const IdMap& ids, std::uint32_t id) {
  return encode(ids.size(), [&](int x, int y) { return ids.at(x, y) == id; });
}

Pixels<std::uint8_t> rle_decode(const Rle& rle) {
  Pixels<std::uint8_t> mask(rle.size, 1);
  std::size_t at = 0;
  for (std::size_t i = 0; i < rle.counts.size(); ++i)
    for (std::uint32_t k = 0; k < rle.counts[i]; ++k, ++at)
      mask.at(static_cast<int>(at / rle.size.height), static_cast<int>(at % rle.size.height)) =
          i % 2;
  return mask;
}

std::string rle_to_string(const Rle& rle) {
  // Five bits a character, bit 5 says that more follow; from the fourth run on the difference to
  // the run before last is stored.
  std::string text;
  for (std::size_t i = 0; i < rle.counts.size(); ++i) {
    std::int64_t value = rle.counts[i];
    if (i > 2) value -= rle.counts[i - 2];
    for (bool more = true; more;) {
      std::int64_t bits = value & 31;
      value >>= 5;
      more = (bits & 16) != 0 ? value != -1 : value != 0;
      if (more) bits |= 32;
      text.push_back(static_cast<char>(bits + 48));
    }
  }
  return text;
}

Rle rle_from_string(std::string_view text, Size size) {
  std::vector<std::uint32_t> counts;
  for (std::size_t at = 0; at < text.size();) {
    std::int64_t value = 0;
    int shift = 0;
    for (bool more = true; more; shift += 5) {
      if (at == text.size() || shift > 30) fail("a run-length mask ends in the middle of a number");
      const int bits = text[at++] - 48;
      if (bits < 0 || bits > 63) fail("a run-length mask holds the character '{}'", text[at - 1]);
      value |= std::int64_t{bits & 31} << shift;
      more = (bits & 32) != 0;
      if (!more && (bits & 16) != 0) value |= -(std::int64_t{1} << (shift + 5));
    }
    if (counts.size() > 2) value += counts[counts.size() - 2];
    if (value < 0 || value > UINT32_MAX) fail("a run-length mask holds a run of {} pixels", value);
    counts.push_back(static_cast<std::uint32_t>(value));
  }
  return rle_from_counts(std::move(counts), size);
}

Rle rle_from_counts(std::vector<std::uint32_t> counts, Size size) {
  std::uint64_t sum = 0;
  for (const std::uint32_t count : counts) sum += count;
  const std::uint64_t pixels = static_cast<std::uint64_t>(size.width) * size.height;
  if (sum != pixels)
    fail("a run-length mask covers {} pixels; its picture of {} has {}", sum, to_string(size),
         pixels);
  return {size, std::move(counts)};
}

std::uint64_t rle_area(const Rle& rle) {
  std::uint64_t area = 0;
  for (std::size_t i = 1; i < rle.counts.size(); i += 2) area += rle.counts[i];
  return area;
}

Box rle_box(const Rle& rle) {
  std::uint32_t left = UINT32_MAX, top = UINT32_MAX, right = 0, bottom = 0, at = 0;
  const auto height = static_cast<std::uint32_t>(rle.size.height);
  for (std::size_t i = 0; i < rle.counts.size(); ++i) {
    const std::uint32_t first = at;
    at += rle.counts[i];
    if (i % 2 == 0 || rle.counts[i] == 0) continue;
    const std::uint32_t last = at - 1;
    const bool crosses = first / height != last / height;
    left = std::min(left, first / height);
    right = std::max(right, last / height);
    top = std::min(top, crosses ? 0 : first % height);
    bottom = std::max(bottom, crosses ? height - 1 : last % height);
  }
  if (left == UINT32_MAX) return {};
  return {static_cast<double>(left), static_cast<double>(top), right - left + 1.0,
          bottom - top + 1.0};
}

namespace {

/// The mask whose pixels satisfy `combine(in how many masks)`.
template <class Combine>
Rle merge(std::span<const Rle> masks, Combine combine) {
  if (masks.empty()) return {};
  const std::uint32_t pixels =
      static_cast<std::uint32_t>(masks[0].size.width) * masks[0].size.height;
  struct Cursor {
    std::size_t run = 0;
    std::uint32_t end = 0;
  };
  std::vector<Cursor> cursors(masks.size());
  for (std::size_t i = 0; i < masks.size(); ++i) {
    if (masks[i].size != masks[0].size)
      fail("run-length masks of {} and {} cannot be combined", to_string(masks[0].size),
           to_string(masks[i].size));
    cursors[i].end = masks[i].counts.empty() ? pixels : masks[i].counts[0];
  }
  Rle out{masks[0].size, {}};
  bool current = false;
  std::uint32_t at = 0, run_start = 0;
  while (at < pixels) {
    std::size_t covered = 0;
    std::uint32_t next = pixels;
    for (std::size_t i = 0; i < masks.size(); ++i) {
      Cursor& cursor = cursors[i];
      while (cursor.end <= at && cursor.run + 1 < masks[i].counts.size())
        cursor.end += masks[i].counts[++cursor.run];
      covered += cursor.run % 2;
      next = std::min(next, std::max(cursor.end, at + 1));
    }
    if (combine(covered) != current) {
      out.counts.push_back(at - run_start);
      run_start = at;
      current = !current;
    }
    at = next;
  }
  out.counts.push_back(pixels - run_start);
  return out;
}

}  // namespace

Rle rle_union(std::span<const Rle> masks) {
  return merge(masks, [](std::size_t covered) { return covered > 0; });
}

Rle rle_intersection(std::span<const Rle> masks) {
  return merge(masks, [&](std::size_t covered) { return covered == masks.size(); });
}

std::uint64_t rle_intersection_area(const Rle& a, const Rle& b) {
  const Rle masks[] = {a, b};
  return rle_area(rle_intersection(masks));
}

double rle_iou(const Rle& a, const Rle& b, bool crowd) {
  const auto intersection = static_cast<double>(rle_intersection_area(a, b));
  const auto area = static_cast<double>(rle_area(a));
  const double whole = crowd ? area : area + static_cast<double>(rle_area(b)) - intersection;
  return whole > 0 ? intersection / whole : 0;
}

Rle rle_from_polygon(std::span<const double> xy, Size size) {
  // The outline is walked on a grid five times as fine; wherever it steps to another column, the
  // crossing's pixel starts or ends a run.
  constexpr double kScale = 5;
  const std::size_t corners = xy.size() / 2;
  std::vector<int> x(corners + 1), y(corners + 1);
  for (std::size_t i = 0; i < corners; ++i) {
    x[i] = static_cast<int>(kScale * xy[2 * i] + 0.5);
    y[i] = static_cast<int>(kScale * xy[2 * i + 1] + 0.5);
  }
  if (corners > 0) {
    x[corners] = x[0];
    y[corners] = y[0];
  }
  std::vector<int> u, v;
  for (std::size_t i = 0; i < corners; ++i) {
    int xs = x[i], xe = x[i + 1], ys = y[i], ye = y[i + 1];
    const int dx = std::abs(xe - xs), dy = std::abs(ye - ys);
    const bool flip = (dx >= dy && xs > xe) || (dx < dy && ys > ye);
    if (flip) {
      std::swap(xs, xe);
      std::swap(ys, ye);
    }
    const int steps = std::max(dx, dy);
    const double slope = steps == 0 ? 0
                         : dx >= dy ? static_cast<double>(ye - ys) / dx
                                    : static_cast<double>(xe - xs) / dy;
    for (int d = 0; d <= steps; ++d) {
      const int t = flip ? steps - d : d;
      u.push_back(dx >= dy ? t + xs : static_cast<int>(xs + slope * t + 0.5));
      v.push_back(dx >= dy ? static_cast<int>(ys + slope * t + 0.5) : t + ys);
    }
  }
  std::vector<std::uint32_t> crossings;
  for (std::size_t j = 1; j < u.size(); ++j) {
    if (u[j] == u[j - 1]) continue;
    const double column = ((u[j] < u[j - 1] ? u[j] : u[j] - 1) + 0.5) / kScale - 0.5;
    if (std::floor(column) != column || column < 0 || column > size.width - 1) continue;
    const double row = (std::min(v[j], v[j - 1]) + 0.5) / kScale - 0.5;
    crossings.push_back(
        static_cast<std::uint32_t>(column) * size.height +
        static_cast<std::uint32_t>(std::ceil(std::clamp<double>(row, 0, size.height))));
  }
  crossings.push_back(static_cast<std::uint32_t>(size.width) * size.height);
  std::sort(crossings.begin(), crossings.end());
  // Differences are the runs; an empty run joins its neighbours.
  Rle rle{size, {}};
  std::uint32_t last = 0;
  bool join = false;
  for (const std::uint32_t crossing : crossings) {
    const std::uint32_t run = std::exchange(last, crossing);
    const std::uint32_t length = crossing - run;
    if (join) {
      rle.counts.back() += length;
      join = false;
    } else if (length > 0 || rle.counts.empty()) {
      rle.counts.push_back(length);
    } else {
      join = true;
    }
  }
  return rle;
}

Rle rle_from_polygons(std::span<const std::vector<double>> polygons, Size size) {
  std::vector<Rle> parts;
  for (const std::vector<double>& polygon : polygons)
    parts.push_back(rle_from_polygon(polygon, size));
  if (parts.empty())
    return rle_from_counts({static_cast<std::uint32_t>(size.width) * size.height}, size);
  return rle_union(parts);
}

Rle rle_from_box(const Box& box, Size size) {
  const double right = box.x + box.width, bottom = box.y + box.height;
  const double corners[] = {box.x, box.y, box.x, bottom, right, bottom, right, box.y};
  return rle_from_polygon(corners, size);
}

}  // namespace tessera
