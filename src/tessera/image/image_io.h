#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "tessera/image/image.h"

/// Reading and writing PNG and JPEG files. Every error names the file.
namespace tessera {

/// What the header of a picture file says, read without decoding.
struct PictureInfo {
  Size size;
  int channels = 0;  ///< as stored: 1 grey or palette, 2 grey + alpha, 3 RGB, 4 RGBA
  int bit_depth = 8;
  bool palette = false;
};
PictureInfo read_picture_info(const std::filesystem::path& path);

/// A camera picture (PNG or JPEG, told apart by content) as 8-bit RGB; 16 bits are shortened to the
/// upper 8.
Image read_image(const std::filesystem::path& path);
Image decode_image(std::span<const std::uint8_t> bytes, const std::string& name);

/// An 8-bit grey or palette PNG as its stored values: classes, object numbers.
LabelMap read_label_png(const std::filesystem::path& path);
/// An 8- or 16-bit grey (or palette) PNG as its stored values.
Image16 read_label16_png(const std::filesystem::path& path);
/// An 8-bit RGB(A) PNG as stored, e.g. KITTI-STEP's (class, id / 256, id % 256).
Image read_rgb_png(const std::filesystem::path& path);
/// A COCO panoptic PNG: id = R + 256 G + 65536 B.
IdMap read_id_png(const std::filesystem::path& path);

/// Written under a temporary name and renamed when whole. Pixels have 1 or 3 channels. Compression
/// 1 (fastest) to 9.
void write_png(const std::filesystem::path& path, const Image& image, int compression = 3);
void write_png(const std::filesystem::path& path, const Image16& image, int compression = 3);
/// An index PNG with a palette (up to 256 colours).
void write_palette_png(const std::filesystem::path& path, const LabelMap& labels,
                       std::span<const Color> palette, int compression = 3);
void write_id_png(const std::filesystem::path& path, const IdMap& ids, int compression = 3);
void write_jpeg(const std::filesystem::path& path, const Image& image, int quality = 95);
std::vector<std::uint8_t> encode_png(const Image& image, int compression = 3);
std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality = 95);

}  // namespace tessera
