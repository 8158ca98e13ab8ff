#include "tessera/image/rle.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "tessera/core/error.h"

namespace tessera {
namespace {

std::uint64_t pixel_count(Size size) {
  return static_cast<std::uint64_t>(size.width) * static_cast<std::uint64_t>(size.height);
}

/// Appends runs, merging neighbours of the same kind and dropping empty ones.
class RunWriter {
 public:
  explicit RunWriter(std::vector<std::uint32_t>& counts) : counts_(counts) {}

  void add(std::uint64_t length, bool foreground) {
    if (length == 0) return;
    if (foreground != foreground_) {
      counts_.push_back(static_cast<std::uint32_t>(current_));
      current_ = 0;
      foreground_ = foreground;
    }
    current_ += length;
  }
  void finish() { counts_.push_back(static_cast<std::uint32_t>(current_)); }

 private:
  std::vector<std::uint32_t>& counts_;
  std::uint64_t current_ = 0;
  bool foreground_ = false;
};

/// Walks a row-major picture down its columns. Blocks of columns keep the reads within a few cache
/// lines.
template <class T, class IsForeground>
Rle encode_columns(const Pixels<T>& picture, const IsForeground& is_foreground) {
  constexpr int kBlock = 64;
  Rle rle{picture.size(), {}};
  RunWriter runs(rle.counts);
  const int width = picture.width(), height = picture.height();
  std::vector<std::uint8_t> block(static_cast<std::size_t>(kBlock) * height);
  for (int x0 = 0; x0 < width; x0 += kBlock) {
    const int columns = std::min(kBlock, width - x0);
    for (int y = 0; y < height; ++y) {
      const T* row = picture.row(y) + x0;
      for (int x = 0; x < columns; ++x)
        block[static_cast<std::size_t>(x) * height + y] = is_foreground(row[x]);
    }
    const std::uint8_t* at = block.data();
    const std::uint8_t* const end = at + static_cast<std::size_t>(columns) * height;
    while (at < end) {
      const std::uint8_t* next = std::find(at, end, static_cast<std::uint8_t>(*at == 0));
      runs.add(static_cast<std::uint64_t>(next - at), *at != 0);
      at = next;
    }
  }
  runs.finish();
  return rle;
}

void check_sum(const std::vector<std::uint32_t>& counts, Size size) {
  std::uint64_t sum = 0;
  for (const std::uint32_t count : counts) sum += count;
  if (sum != pixel_count(size))
    fail("run-length mask covers {} pixels, its size {} has {}", sum, to_string(size),
         pixel_count(size));
}

/// Calls visit(length, in_a, in_b) for the stretches over which neither mask changes.
template <class Visit>
void walk_together(const Rle& a, const Rle& b, const Visit& visit) {
  if (a.size != b.size)
    fail("run-length masks of different sizes: {} and {}", to_string(a.size), to_string(b.size));
  std::size_t i = 0, j = 0;
  std::uint64_t left_a = a.counts.empty() ? 0 : a.counts[0];
  std::uint64_t left_b = b.counts.empty() ? 0 : b.counts[0];
  while (i < a.counts.size() && j < b.counts.size()) {
    const std::uint64_t length = std::min(left_a, left_b);
    if (length > 0) visit(length, (i & 1) != 0, (j & 1) != 0);
    left_a -= length;
    left_b -= length;
    if (left_a == 0 && ++i < a.counts.size()) left_a = a.counts[i];
    if (left_b == 0 && ++j < b.counts.size()) left_b = b.counts[j];
  }
}

template <class Combine>
Rle combine_all(std::span<const Rle> masks, const Combine& combine) {
  if (masks.empty()) return {};
  Rle result = masks[0];
  for (const Rle& mask : masks.subspan(1)) {
    Rle merged{result.size, {}};
    RunWriter runs(merged.counts);
    walk_together(result, mask, [&](std::uint64_t length, bool in_a, bool in_b) {
      runs.add(length, combine(in_a, in_b));
    });
    runs.finish();
    result = std::move(merged);
  }
  return result;
}

/// Sets the foreground's pixels of a picture of the mask's size.
template <class T>
void paint(const Rle& rle, T value, Pixels<T>& picture) {
  check_sum(rle.counts, rle.size);
  if (picture.size() != rle.size)
    fail("a mask of {} in a picture of {}", to_string(rle.size), to_string(picture.size()));
  int x = 0, y = 0;
  for (std::size_t run = 0; run < rle.counts.size(); ++run) {
    std::uint64_t left = rle.counts[run];
    while (left > 0) {
      const int length = static_cast<int>(
          std::min<std::uint64_t>(left, static_cast<unsigned>(picture.height() - y)));
      if ((run & 1) != 0)
        for (int i = 0; i < length; ++i) picture.at(x, y + i) = value;
      left -= static_cast<std::uint64_t>(length);
      y += length;
      if (y == picture.height()) {
        y = 0;
        ++x;
      }
    }
  }
}

}  // namespace

Rle rle_encode(const Pixels<std::uint8_t>& mask) {
  return encode_columns(mask, [](std::uint8_t value) { return value != 0; });
}

Rle rle_encode(const IdMap& ids, std::uint32_t id) {
  return encode_columns(ids, [id](std::uint32_t value) { return value == id; });
}

Pixels<std::uint8_t> rle_decode(const Rle& rle) {
  Pixels<std::uint8_t> mask(rle.size, 1);
  paint<std::uint8_t>(rle, 1, mask);
  return mask;
}

void rle_paint(const Rle& rle, std::uint32_t id, IdMap& ids) { paint(rle, id, ids); }

std::string rle_to_string(const Rle& rle) {
  std::string text;
  for (std::size_t i = 0; i < rle.counts.size(); ++i) {
    std::int64_t value = rle.counts[i];
    if (i > 2) value -= rle.counts[i - 2];
    bool more = true;
    while (more) {
      const auto group = static_cast<unsigned>(value & 0x1f);
      value >>= 5;
      // The last group's bit 4 is the sign.
      more = (group & 0x10) != 0 ? value != -1 : value != 0;
      text.push_back(static_cast<char>((more ? group | 0x20 : group) + 48));
    }
  }
  return text;
}

Rle rle_from_string(std::string_view text, Size size) {
  Rle rle{size, {}};
  std::size_t at = 0;
  while (at < text.size()) {
    std::int64_t value = 0;
    int shift = 0;
    for (;;) {
      if (at == text.size()) fail("run-length string ends in the middle of a count");
      const int group = static_cast<unsigned char>(text[at]) - 48;
      if (group < 0 || group > 63)
        fail("run-length string has the invalid character {:#04x} at position {}",
             static_cast<unsigned char>(text[at]), at);
      if (shift > 35) fail("run-length string has a count that is too long at position {}", at);
      ++at;
      value |= static_cast<std::int64_t>(group & 0x1f) << shift;
      shift += 5;
      if ((group & 0x20) == 0) {
        if ((group & 0x10) != 0) value |= -(std::int64_t{1} << shift);
        break;
      }
    }
    if (rle.counts.size() > 2) value += rle.counts[rle.counts.size() - 2];
    if (value < 0 || static_cast<std::uint64_t>(value) > pixel_count(size))
      fail("run-length string has a run of {} pixels in a {} picture", value, to_string(size));
    rle.counts.push_back(static_cast<std::uint32_t>(value));
  }
  check_sum(rle.counts, size);
  return rle;
}

Rle rle_from_counts(std::vector<std::uint32_t> counts, Size size) {
  check_sum(counts, size);
  return {size, std::move(counts)};
}

std::uint64_t rle_area(const Rle& rle) {
  std::uint64_t area = 0;
  for (std::size_t i = 1; i < rle.counts.size(); i += 2) area += rle.counts[i];
  return area;
}

Box rle_box(const Rle& rle) {
  const auto height = static_cast<std::uint64_t>(rle.size.height);
  std::uint64_t left = rle.size.width, top = height, right = 0, bottom = 0, position = 0;
  bool any = false;
  for (std::size_t i = 0; i < rle.counts.size(); ++i) {
    const std::uint64_t start = position;
    position += rle.counts[i];
    if ((i & 1) == 0 || rle.counts[i] == 0) continue;
    any = true;
    const std::uint64_t last = position - 1;
    const std::uint64_t x0 = start / height, x1 = last / height;
    left = std::min(left, x0);
    right = std::max(right, x1);
    if (x0 < x1) {
      top = 0;
      bottom = height - 1;
    } else {
      top = std::min(top, start % height);
      bottom = std::max(bottom, last % height);
    }
  }
  if (!any) return {};
  return {static_cast<double>(left), static_cast<double>(top),
          static_cast<double>(right - left + 1), static_cast<double>(bottom - top + 1)};
}

Rle rle_union(std::span<const Rle> masks) {
  return combine_all(masks, [](bool a, bool b) { return a || b; });
}

Rle rle_intersection(std::span<const Rle> masks) {
  return combine_all(masks, [](bool a, bool b) { return a && b; });
}

std::uint64_t rle_intersection_area(const Rle& a, const Rle& b) {
  std::uint64_t area = 0;
  walk_together(a, b, [&](std::uint64_t length, bool in_a, bool in_b) {
    if (in_a && in_b) area += length;
  });
  return area;
}

double rle_iou(const Rle& a, const Rle& b, bool crowd) {
  const std::uint64_t intersection = rle_intersection_area(a, b);
  if (intersection == 0) return 0.0;
  const std::uint64_t area = rle_area(a);
  const std::uint64_t whole = crowd ? area : area + rle_area(b) - intersection;
  return static_cast<double>(intersection) / static_cast<double>(whole);
}

}  // namespace tessera
