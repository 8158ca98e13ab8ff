#include "tessera/image/image_io.h"

#include <algorithm>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/image/jpeg.h"
#include "tessera/image/png.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

using png::ColorType;
using png::Decoded;
using png::Header;
using png::sample;

Image to_rgb(const Decoded& png, const std::string& name) {
  const Header& header = png.header();
  Image image(header.size, 3);
  const int step = header.bit_depth == 16 ? 2 : 1;
  const int channels = header.channels();
  const bool colour = header.color == ColorType::kRgb || header.color == ColorType::kRgba;
  const int white = (1 << std::min(header.bit_depth, 8)) - 1;
  for (int y = 0; y < image.height(); ++y) {
    const std::uint8_t* row = png.row(y);
    std::uint8_t* out = image.row(y);
    if (header.color == ColorType::kRgb && step == 1) {
      std::copy_n(row, static_cast<std::size_t>(image.width()) * 3, out);
      continue;
    }
    for (int x = 0; x < image.width(); ++x, out += 3) {
      if (header.color == ColorType::kPalette) {
        const std::uint8_t index = sample(row, x, header.bit_depth);
        if (index >= png.palette().size())
          fail("{}: pixel ({}, {}) has palette index {}, the palette has {} colours", name, x, y,
               index, png.palette().size());
        std::copy_n(png.palette()[index].data(), 3, out);
      } else if (colour) {
        for (int c = 0; c < 3; ++c) out[c] = row[(x * channels + c) * step];
      } else {
        const int grey = header.bit_depth < 8 ? sample(row, x, header.bit_depth) * 255 / white
                                              : row[x * channels * step];
        out[0] = out[1] = out[2] = static_cast<std::uint8_t>(grey);
      }
    }
  }
  return image;
}

/// Opens a PNG and hands it decoded to `use`.
template <class Use>
auto with_png(const fs::path& path, const Use& use) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  const std::string name = path.string();
  return use(Decoded(bytes, name), name);
}

}  // namespace

PictureInfo read_picture_info(const fs::path& path) {
  const MappedFile file(path);
  const std::string name = path.string();
  if (!png::is_png(file.bytes())) return jpeg::read_info(file.bytes(), name);
  const Header header = png::read_header(file.bytes(), name);
  return {header.size, header.channels(), header.bit_depth, header.color == ColorType::kPalette};
}

Image decode_image(std::span<const std::uint8_t> bytes, const std::string& name) {
  if (png::is_png(bytes)) return to_rgb(Decoded(bytes, name), name);
  if (jpeg::is_jpeg(bytes)) return jpeg::decode(bytes, name);
  if (bytes.empty()) fail("{}: the file is empty, a PNG or JPEG picture was expected", name);
  fail("{}: neither a PNG nor a JPEG picture", name);
}

Image read_image(const fs::path& path) { return decode_image(read_file(path), path.string()); }

LabelMap read_label_png(const fs::path& path) {
  return with_png(path, [](const Decoded& png, const std::string& name) {
    const Header& header = png.header();
    if (header.bit_depth > 8 || header.channels() > 1)
      png::fail_wrong_kind(header, name, "8-bit grey or palette");
    LabelMap labels(header.size, 1);
    for (int y = 0; y < labels.height(); ++y) {
      if (header.bit_depth == 8)
        std::copy_n(png.row(y), labels.width(), labels.row(y));
      else
        for (int x = 0; x < labels.width(); ++x)
          labels.at(x, y) = sample(png.row(y), x, header.bit_depth);
    }
    return labels;
  });
}

Image16 read_label16_png(const fs::path& path) {
  return with_png(path, [](const Decoded& png, const std::string& name) {
    const Header& header = png.header();
    png::require_values(header, name);
    Image16 labels(header.size, 1);
    for (int y = 0; y < labels.height(); ++y) {
      const std::uint8_t* row = png.row(y);
      std::uint16_t* out = labels.row(y);
      for (int x = 0; x < labels.width(); ++x)
        out[x] = header.bit_depth == 16
                     ? static_cast<std::uint16_t>(row[2 * x] << 8 | row[2 * x + 1])
                     : sample(row, x, header.bit_depth);
    }
    return labels;
  });
}

Image read_rgb_png(const fs::path& path) {
  return with_png(path, [](const Decoded& png, const std::string& name) {
    png::require_rgb(png.header(), name);
    return to_rgb(png, name);
  });
}

IdMap read_id_png(const fs::path& path) {
  return with_png(path, [](const Decoded& png, const std::string& name) {
    png::require_rgb(png.header(), name);
    IdMap ids(png.header().size, 1);
    const int channels = png.header().channels();
    for (int y = 0; y < ids.height(); ++y) {
      const std::uint8_t* row = png.row(y);
      std::uint32_t* out = ids.row(y);
      for (int x = 0; x < ids.width(); ++x, row += channels)
        out[x] = row[0] | std::uint32_t{row[1]} << 8 | std::uint32_t{row[2]} << 16;
    }
    return ids;
  });
}

void write_id_png(const fs::path& path, const IdMap& ids, int compression) {
  Image colours(ids.size(), 3);
  std::uint8_t* out = colours.data();
  for (const std::uint32_t id : ids.values()) {
    if (id > 0xffffff)
      fail("{}: id {} needs more than the 24 bits of an RGB PNG", path.string(), id);
    *out++ = static_cast<std::uint8_t>(id);
    *out++ = static_cast<std::uint8_t>(id >> 8);
    *out++ = static_cast<std::uint8_t>(id >> 16);
  }
  write_png(path, colours, compression);
}

void write_jpeg(const fs::path& path, const Image& image, int quality) {
  write_file(path, encode_jpeg(image, quality));
}

}  // namespace tessera
