#include <libdeflate.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/image/png.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

using png::ColorType;
using png::Header;

struct FreeCompressor {
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
};

libdeflate_compressor* compressor(int level) {
  thread_local std::array<std::unique_ptr<libdeflate_compressor, FreeCompressor>, 13> by_level;
  auto& entry = by_level.at(static_cast<std::size_t>(std::clamp(level, 1, 12)));
  if (!entry) entry.reset(libdeflate_alloc_compressor(std::clamp(level, 1, 12)));
  return entry.get();
}

void append_big_endian(std::vector<std::uint8_t>& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void append_chunk(std::vector<std::uint8_t>& out, const char* type,
                  std::span<const std::uint8_t> data) {
  append_big_endian(out, static_cast<std::uint32_t>(data.size()));
  const std::size_t start = out.size();
  out.insert(out.end(), type, type + 4);
  out.insert(out.end(), data.begin(), data.end());
  append_big_endian(out, libdeflate_crc32(0, out.data() + start, out.size() - start));
}

/// The sum of the absolute differences |row[i] - before[i]|, taken as signed bytes.
std::uint32_t cost(const std::uint8_t* row, const std::uint8_t* before, std::size_t count) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    // As the distance of two unsigned bytes, which processors have an instruction for.
    const auto shifted = static_cast<std::uint8_t>(row[i] - before[i] + 128);
    sum += static_cast<std::uint32_t>(std::abs(shifted - 128));
  }
  return sum;
}

/// The filters worth trying: none suits labels, left and up suit pictures. Of them the one with the
/// smallest sum of absolute differences is taken, row by row, as the PNG specification advises.
/// `zeros` has as many as a row.
void filter_row(const std::uint8_t* row, const std::uint8_t* prior, const std::uint8_t* zeros,
                std::size_t count, std::size_t pixel_bytes, std::uint8_t* out) {
  const std::size_t first = std::min(pixel_bytes, count);  // nothing is left of these
  const std::uint32_t none = cost(row, zeros, count);
  const std::uint32_t left = cost(row, zeros, first) + cost(row + first, row, count - first);
  const std::uint32_t up = cost(row, prior, count);
  const auto write = [&](std::uint8_t filter, std::size_t from, const std::uint8_t* before) {
    out[0] = filter;
    for (std::size_t i = from; i < count; ++i)
      out[1 + i] = static_cast<std::uint8_t>(row[i] - before[i - from]);
  };
  if (up < std::min(none, left)) {
    write(2, 0, prior);
  } else if (left < none) {
    std::memcpy(out + 1, row, first);
    write(1, first, row);
  } else {
    write(0, 0, zeros);
  }
}

std::vector<std::uint8_t> encode(const Header& header, std::span<const std::uint8_t> pixels,
                                 std::span<const Color> palette, int compression) {
  const std::size_t row_bytes = header.row_bytes();
  const std::size_t pixel_bytes =
      static_cast<std::size_t>(header.channels()) * static_cast<std::size_t>(header.bit_depth) / 8;
  std::vector<std::uint8_t> raw((row_bytes + 1) * static_cast<std::size_t>(header.size.height));
  const std::vector<std::uint8_t> zeros(row_bytes);
  for (int y = 0; y < header.size.height; ++y) {
    const std::uint8_t* row = pixels.data() + static_cast<std::size_t>(y) * row_bytes;
    std::uint8_t* out = raw.data() + static_cast<std::size_t>(y) * (row_bytes + 1);
    if (header.color == ColorType::kPalette) {
      out[0] = 0;
      std::memcpy(out + 1, row, row_bytes);
    } else {
      filter_row(row, y == 0 ? zeros.data() : row - row_bytes, zeros.data(), row_bytes, pixel_bytes,
                 out);
    }
  }
  libdeflate_compressor* deflater = compressor(compression);
  std::vector<std::uint8_t> data(libdeflate_zlib_compress_bound(deflater, raw.size()));
  data.resize(libdeflate_zlib_compress(deflater, raw.data(), raw.size(), data.data(), data.size()));

  std::vector<std::uint8_t> png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  std::vector<std::uint8_t> head;
  append_big_endian(head, static_cast<std::uint32_t>(header.size.width));
  append_big_endian(head, static_cast<std::uint32_t>(header.size.height));
  head.insert(head.end(), {static_cast<std::uint8_t>(header.bit_depth),
                           static_cast<std::uint8_t>(header.color), 0, 0, 0});
  append_chunk(png, "IHDR", head);
  if (!palette.empty()) {
    std::vector<std::uint8_t> colours;
    for (const Color& colour : palette) colours.insert(colours.end(), colour.begin(), colour.end());
    append_chunk(png, "PLTE", colours);
  }
  append_chunk(png, "IDAT", data);
  append_chunk(png, "IEND", {});
  return png;
}

Header header_for(Size size, int channels, int bit_depth) {
  if (size.width <= 0 || size.height <= 0) fail("an empty picture cannot be written");
  if (channels != 1 && channels != 3)
    fail("a PNG is written from 1 or 3 channels, the picture has {}", channels);
  return {size, bit_depth, channels == 1 ? ColorType::kGrey : ColorType::kRgb, false};
}

}  // namespace

std::vector<std::uint8_t> encode_png(const Image& image, int compression) {
  return encode(header_for(image.size(), image.channels(), 8), image.values(), {}, compression);
}

void write_png(const fs::path& path, const Image& image, int compression) {
  write_file(path, with_context(path.string(), [&] { return encode_png(image, compression); }));
}

void write_png(const fs::path& path, const Image16& image, int compression) {
  write_file(path, with_context(path.string(), [&] {
               const Header header = header_for(image.size(), image.channels(), 16);
               std::vector<std::uint8_t> bytes;
               bytes.reserve(image.values().size() * 2);
               for (const std::uint16_t value : image.values()) {
                 bytes.push_back(static_cast<std::uint8_t>(value >> 8));
                 bytes.push_back(static_cast<std::uint8_t>(value & 0xff));
               }
               return encode(header, bytes, {}, compression);
             }));
}

void write_palette_png(const fs::path& path, const LabelMap& labels, std::span<const Color> palette,
                       int compression) {
  write_file(path, with_context(path.string(), [&] {
               if (palette.empty() || palette.size() > 256)
                 fail("a palette has 1 to 256 colours, not {}", palette.size());
               const auto largest =
                   std::max_element(labels.values().begin(), labels.values().end());
               if (largest != labels.values().end() && *largest >= palette.size())
                 fail("label {} has no colour in the palette of {}", *largest, palette.size());
               Header header = header_for(labels.size(), labels.channels(), 8);
               header.color = ColorType::kPalette;
               return encode(header, labels.values(), palette, compression);
             }));
}

}  // namespace tessera
