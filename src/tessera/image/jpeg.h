#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tessera/image/image_io.h"

/// JPEG through libjpeg-turbo, with the pixels that OpenCV gives.
namespace tessera::jpeg {

bool is_jpeg(std::span<const std::uint8_t> bytes);
PictureInfo read_info(std::span<const std::uint8_t> bytes, const std::string& name);

/// 8-bit RGB with the EXIF orientation applied. A file that is cut short or corrupt is an error,
/// never a half-grey picture.
Image decode(std::span<const std::uint8_t> bytes, const std::string& name);

/// EXIF orientation 1 to 8; 1 where the file does not say.
int exif_orientation(std::span<const std::uint8_t> bytes);

}  // namespace tessera::jpeg
