#include "tessera/image/rle.h"

#include <algorithm>

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

}  // namespace tessera
