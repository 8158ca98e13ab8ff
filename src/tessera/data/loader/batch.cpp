#include "tessera/data/loader/batch.h"

#include <algorithm>
#include <utility>

#include "tessera/core/error.h"

namespace tessera {
namespace {

/// Zeros in all channels where there is no picture.
void clear_invalid(const LabelMap& invalid, Size size, float* planes) {
  const std::size_t plane = static_cast<std::size_t>(size.width) * size.height;
  for (int y = 0; y < invalid.height(); ++y)
    for (int x = 0; x < invalid.width(); ++x)
      if (invalid.at(x, y) != 0)
        for (int c = 0; c < 3; ++c)
          planes[c * plane + static_cast<std::size_t>(y) * size.width + x] = 0;
}

/// The same for float pictures, whose pixels may lack the picture in part: what is missing counts
/// as the mean.
void clear_missing(const Pixels<float>& valid, const NormalizeOptions& options, Size size,
                   float* planes) {
  const std::size_t plane = static_cast<std::size_t>(size.width) * size.height;
  for (int y = 0; y < valid.height(); ++y)
    for (int x = 0; x < valid.width(); ++x) {
      const float missing = 1 - valid.at(x, y);
      if (missing == 0) continue;
      for (int c = 0; c < 3; ++c) {
        const int place = options.blue_first ? 2 - c : c;
        planes[place * plane + static_cast<std::size_t>(y) * size.width + x] +=
            static_cast<float>(missing * options.mean[c] / options.std[c]);
      }
    }
}

/// Where the mask of the object with that id goes.
struct Plane {
  std::uint32_t id = 0;
  std::uint8_t* pixels = nullptr;
};

/// Writes all masks of the id map in one pass by runs of equal ids: segments are wide, so the
/// look-up is rare. `planes` are sorted by id and hold zeros.
void paint_ids(const IdMap& ids, int stride, const std::vector<Plane>& planes) {
  for (int y = 0; y < ids.height(); ++y) {
    const std::uint32_t* row = ids.row(y);
    for (int x = 0; x < ids.width();) {
      const int start = x;
      while (++x < ids.width() && row[x] == row[start]) {
      }
      const auto plane = std::ranges::lower_bound(planes, row[start], {}, &Plane::id);
      if (plane == planes.end() || plane->id != row[start]) continue;
      std::fill_n(plane->pixels + static_cast<std::size_t>(y) * stride + start, x - start,
                  std::uint8_t{1});
    }
  }
}

void paint_mask(const LabelMap& mask, int stride, std::uint8_t* plane) {
  for (int y = 0; y < mask.height(); ++y)
    std::copy_n(mask.row(y), mask.width(), plane + static_cast<std::size_t>(y) * stride);
}

/// The masks of all objects, padded with zeros to `size`.
std::vector<std::uint8_t> paint_masks(const Frame& frame, Size size) {
  const std::size_t plane_size = static_cast<std::size_t>(size.width) * size.height;
  std::vector<std::uint8_t> masks(frame.objects.size() * plane_size);
  std::vector<Plane> planes;
  std::uint8_t* plane = masks.data();
  for (const FrameObject& object : frame.objects) {
    if (object.mask.empty())
      planes.push_back({object.id, plane});
    else
      paint_mask(object.mask, size.width, plane);
    plane += plane_size;
  }
  std::ranges::sort(planes, {}, &Plane::id);
  if (!planes.empty()) paint_ids(frame.ids, size.width, planes);
  return masks;
}

BatchFrame pack_labels(Frame frame, const CollateOptions& options, Size size) {
  BatchFrame packed;
  packed.masks = paint_masks(frame, size);
  for (FrameObject& object : frame.objects) object.mask = {};
  if (!frame.semantic.empty())
    packed.semantic = pad_labels(frame.semantic, size, options.semantic_padding);
  if (!frame.ignored.empty()) packed.ignored = pad_labels(frame.ignored, size, 0);
  packed.key = std::move(frame.key);
  packed.record = frame.record;
  packed.record.pad_size = size;
  packed.objects = std::move(frame.objects);
  return packed;
}

}  // namespace

Batch collate(std::vector<Clip> clips, const CollateOptions& options) {
  if (options.divisor < 1) fail("padding divisor {}: must be 1 at least", options.divisor);
  if (clips.empty() || clips.front().empty()) fail("a batch needs one sample at least");
  Batch batch;
  batch.clips = static_cast<int>(clips.size());
  batch.frames_per_clip = static_cast<int>(clips.front().size());
  batch.size = options.least;
  for (const Clip& clip : clips) {
    if (clip.size() != clips.front().size())
      fail("{}: a clip of {} frames in a batch of clips of {}", clip.front().key.name, clip.size(),
           clips.front().size());
    for (const Frame& frame : clip) {
      batch.size.width = std::max(batch.size.width, frame.size().width);
      batch.size.height = std::max(batch.size.height, frame.size().height);
    }
  }
  batch.size = padded_size(batch.size, options.divisor);
  const std::size_t picture = static_cast<std::size_t>(3) * batch.size.width * batch.size.height;
  batch.pixels.resize(picture * batch.clips * batch.frames_per_clip);
  float* planes = batch.pixels.data();
  for (Clip& clip : clips) {
    for (Frame& frame : clip) {
      if (frame.precise.empty())
        normalize_into(frame.image, options.normalize, batch.size, planes);
      else
        normalize_into(frame.precise, options.normalize, batch.size, planes);
      clear_invalid(frame.invalid, batch.size, planes);
      clear_missing(frame.valid, options.normalize, batch.size, planes);
      planes += picture;
      batch.frames.push_back(pack_labels(std::move(frame), options, batch.size));
    }
  }
  return batch;
}

}  // namespace tessera
