#include "tessera/data/synth/rasterizer.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "tessera/data/synth/rounding.h"

namespace tessera::synth {
namespace {

constexpr float kNear = 0.4f;
constexpr int kSamples = 2;      // of a pixel, along each axis
constexpr int kBandHeight = 16;  // in pixels
constexpr int kBandSamples = kBandHeight * kSamples;
constexpr std::uint32_t kSky = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint8_t kSkyCategory = 10;
constexpr int kLanes = 4;
constexpr int kTileWidth = 32, kTileHeight = 8;  // in samples
constexpr int kDrawnBetweenUpdates = 8;
constexpr std::uint32_t kNotSeen = std::numeric_limits<std::uint32_t>::max();

Vec3 turn(Vec3 v, float cosine, float sine) {
  return {v.x * cosine + v.z * sine, v.y, v.z * cosine - v.x * sine};
}

Tint mix(Tint a, Tint b, float share) {
  return {a.r + (b.r - a.r) * share, a.g + (b.g - a.g) * share, a.b + (b.b - a.b) * share};
}

/// log2 through the exponent of the float (as std::frexp has it): mip levels need no more. 0 of
/// what has none.
cv::v_int32x4 exponent_of(const Four& x) {
  const cv::v_int32x4 stored = cv::v_reinterpret_as_s32(x) >> 23;
  const cv::v_int32x4 none = (stored == cv::v_setzero_s32()) | (stored == cv::v_setall_s32(255));
  return (stored - cv::v_setall_s32(126)) & ~none;
}

Four channels(const Tint& color) { return Four(color.r, color.g, color.b, 0); }

FourColors sky_colors(const Light& light, const Texture& clouds, const Camera& camera,
                      const Four& x, const Four& y) {
  std::array<float, 4> at_x, at_y, up, cloud_x, cloud_z;
  cv::v_store(at_x.data(), x);
  cv::v_store(at_y.data(), y);
  for (std::size_t i = 0; i < up.size(); ++i) {
    const Vec3 ray = camera.ray(at_x[i], at_y[i]);
    const float length = std::sqrt(dot(ray, ray));
    up[i] = std::max(ray.y / length, 0.0f);
    // Clouds lie on a flat layer high above; near the horizon they melt into the haze.
    const float scale = 0.13f / (up[i] + 0.08f) / length;
    cloud_x[i] = ray.x * scale;
    cloud_z[i] = ray.z * scale;
  }
  FourColors colors =
      clouds.sample(cv::v_load(cloud_x.data()), cv::v_load(cloud_z.data()), cv::v_setzero_s32());
  for (std::size_t i = 0; i < colors.size(); ++i) {
    const Tint clear = mix(light.sky_low, light.sky_high, std::min(1.0f, up[i] * 2.2f));
    const float cover = colors[i].get0();
    const float share =
        std::clamp((cover - (1 - light.cloudiness)) * 3.5f, 0.0f, 1.0f) * std::min(1.0f, up[i] * 6);
    const float brightness = 0.88f + 0.25f * cover;
    colors[i] = channels(mix(clear, Tint{0.97f, 0.97f, 0.98f} * brightness, share * 0.85f));
  }
  return colors;
}

// Sample (i, j) lies at ((i + 0.5) / kSamples, (j + 0.5) / kSamples).
float first_sample(float low) { return fast_ceil(low * kSamples - 0.5f); }
float last_sample(float high) { return fast_floor(high * kSamples - 0.5f); }

/// Far outside of any picture, where a whole number still has room.
Four within_reach(const Four& x) { return cv::v_min(cv::v_max(x, four(-4)), four(0x1p20f)); }
Four sample_at(const Four& x) { return within_reach(x) * four(kSamples) - four(0.5f); }
Four first_sample(const Four& low) { return cv::v_cvt_f32(cv::v_ceil(sample_at(low))); }
Four last_sample(const Four& high) { return cv::v_cvt_f32(cv::v_floor(sample_at(high))); }

}  // namespace

Camera::Camera(Vec3 position_in, float yaw, float pitch, float focal_in, float center_x_in,
               float center_y_in)
    : position(position_in),
      focal(focal_in),
      center_x(center_x_in),
      center_y(center_y_in),
      cos_yaw_(std::cos(yaw)),
      sin_yaw_(std::sin(yaw)),
      cos_pitch_(std::cos(pitch)),
      sin_pitch_(std::sin(pitch)) {}

Vec3 Camera::to_view(Vec3 world) const {
  const Vec3 turned = turn(world - position, cos_yaw_, -sin_yaw_);
  return {turned.x, turned.z * sin_pitch_ - turned.y * cos_pitch_,
          turned.z * cos_pitch_ + turned.y * sin_pitch_};
}

Vec3 Camera::ray(float x, float y) const {
  const float up = -(y - center_y) / focal;
  const Vec3 level{(x - center_x) / focal, up * cos_pitch_ + sin_pitch_,
                   cos_pitch_ - up * sin_pitch_};
  return turn(level, cos_yaw_, sin_yaw_);
}

void Scene::add(const Mesh& now, const Pose& pose, const Mesh& next, const Pose& next_pose,
                std::uint32_t object) {
  const auto first_vertex = static_cast<std::uint32_t>(vertices_.size());
  const auto first_part = static_cast<std::uint32_t>(parts_.size());
  const float c = std::cos(pose.yaw), s = std::sin(pose.yaw);
  const float next_c = std::cos(next_pose.yaw), next_s = std::sin(next_pose.yaw);
  const Vec3 sun = normalized(light_.sun);
  for (std::size_t i = 0; i < now.vertices.size(); ++i) {
    const MeshVertex& vertex = now.vertices[i];
    const Vec3 normal = turn(vertex.normal, c, s);
    const float light = light_.sun_strength * std::max(0.0f, dot(normal, sun)) +
                        light_.sky_strength * (0.75f + 0.25f * normal.y);
    vertices_.push_back({turn(vertex.position, c, s) + pose.position,
                         turn(next.vertices[i].position, next_c, next_s) + next_pose.position,
                         vertex.u, vertex.v, light});
  }
  for (const Surface& surface : now.surfaces) parts_.push_back({surface, object});
  for (const MeshTriangle& t : now.triangles)
    triangles_.push_back(
        {t.a + first_vertex, t.b + first_vertex, t.c + first_vertex, t.surface + first_part});
}

Rasterizer::Rasterizer(Size size)
    : size_(size),
      width_(size.width * kSamples),
      height_(size.height * kSamples),
      depth_(static_cast<std::size_t>(width_) * kBandSamples + kLanes),
      owner_(depth_.size()),
      tile_columns_((width_ + kTileWidth - 1) / kTileWidth),
      tiles_(static_cast<std::size_t>(tile_columns_) * (kBandSamples / kTileHeight)),
      bands_((size.height + kBandHeight - 1) / kBandHeight),
      out_{Pixels<float>(size, 4), {}, {}, {}} {}

void Rasterizer::update(int column, int row) {
  const int left = column * kTileWidth, right = std::min(width_, left + kTileWidth);
  Four farthest = four(std::numeric_limits<float>::max());
  for (int y = row * kTileHeight; y < (row + 1) * kTileHeight; ++y) {
    const float* depth = depth_.data() + static_cast<std::size_t>(y) * width_;
    // The samples behind the right end can but make it farther.
    for (int x = left; x < right; x += kLanes)
      farthest = cv::v_min(farthest, cv::v_load(depth + x));
  }
  tiles_[static_cast<std::size_t>(row) * tile_columns_ + column] = {cv::v_reduce_min(farthest), 0};
}

bool Rasterizer::hides(int column, int row, int band_row, const Facet& facet) {
  const Plane& plane = facet.inverse_depth;
  const int x = (column + (plane.dx > 0)) * kTileWidth;
  const int y = (row + (plane.dy > 0)) * kTileHeight + band_row;
  const float nearest_here =
      plane.dx * (x * (1.0f / kSamples)) + plane.dy * (y * (1.0f / kSamples)) + plane.base;
  const float nearest = std::min(facet.nearest, nearest_here) + facet.rounding;
  const Tile& tile = tiles_[static_cast<std::size_t>(row) * tile_columns_ + column];
  if (nearest < tile.farthest) return true;
  if (tile.drawn < kDrawnBetweenUpdates) return false;
  update(column, row);
  return nearest < tile.farthest;
}

void Rasterizer::fill(std::uint32_t number, int band) {
  const Facet& facet = facets_[number];
  const int band_row = band * kBandSamples;
  const int first_row = std::max(band_row, facet.rows.first);
  const int last_row = std::min(band_row + kBandSamples - 1, facet.rows.last);
  const auto [first_column, last_column] = facet.columns;
  for (int row = first_row; row <= last_row;) {
    const int tile_row = (row - band_row) / kTileHeight;
    int left = first_column / kTileWidth, right = last_column / kTileWidth;
    while (left <= right && hides(left, tile_row, band_row, facet)) ++left;
    while (left <= right && hides(right, tile_row, band_row, facet)) --right;
    const int next_row = band_row + (tile_row + 1) * kTileHeight;
    if (left <= right) {
      for (int column = left; column <= right; ++column)
        ++tiles_[static_cast<std::size_t>(tile_row) * tile_columns_ + column].drawn;
      fill_rows(number, {row, std::min(last_row, next_row - 1)},
                {std::max(first_column, left * kTileWidth),
                 std::min(last_column, (right + 1) * kTileWidth - 1)},
                band_row);
    }
    row = next_row;
  }
}

void Rasterizer::fill_rows(std::uint32_t number, Span rows, Span columns, int band_row) {
  const Facet& facet = facets_[number];
  const Four left = four(static_cast<float>(columns.first));
  const Four right = four(static_cast<float>(columns.last));
  const float sign = facet.area > 0 ? 1.0f : -1.0f;
  // Where several rows begin and end is computed at a time.
  for (int row = rows.first; row <= rows.last; row += kLanes) {
    const Four y = (cv::v_cvt_f32(cv::v_setall_s32(row) + cv::v_int32x4(0, 1, 2, 3)) + four(0.5f)) *
                   four(1.0f / kSamples);
    Four from = left, to = right;
    for (int i = 0; i < 3; ++i) {
      const int j = (i + 1) % 3;
      // Inside where slope * x + offset >= 0.
      const float width = facet.x[j] - facet.x[i], height = facet.y[j] - facet.y[i];
      const float slope = -height * sign;
      const Four offset =
          (four(width) * (y - four(facet.y[i])) + four(height * facet.x[i])) * four(sign);
      if (slope == 0) {
        to = cv::v_select(offset < cv::v_setzero_f32(), four(-1), to);
        continue;
      }
      const Four crossing = cv::v_setzero_f32() - offset / four(slope);
      if (slope > 0)
        from = cv::v_max(from, first_sample(crossing));
      else
        to = cv::v_min(to, last_sample(crossing));
    }
    std::array<int, kLanes> begin, end;
    cv::v_store(begin.data(), cv::v_trunc(from));
    cv::v_store(end.data(), cv::v_trunc(to));
    const int count = std::min(kLanes, rows.last - row + 1);
    for (int i = 0; i < count; ++i) fill_row(number, row + i, band_row, begin[i], end[i]);
  }
}

void Rasterizer::fill_row(std::uint32_t number, int row, int band_row, int begin, int end) {
  const Plane& plane = facets_[number].inverse_depth;
  float* depth = depth_.data() + static_cast<std::size_t>(row - band_row) * width_;
  std::uint32_t* owner = owner_.data() + static_cast<std::size_t>(row - band_row) * width_;
  const Four base =
      four(0.5f / kSamples * plane.dx + (row + 0.5f) / kSamples * plane.dy + plane.base);
  const Four step = four(plane.dx / kSamples);
  const cv::v_int32x4 self = cv::v_setall_s32(static_cast<int>(number));
  const cv::v_int32x4 last = cv::v_setall_s32(end);
  cv::v_int32x4 at = cv::v_setall_s32(begin) + cv::v_int32x4(0, 1, 2, 3);
  // Of equally near facets the first one is seen. The sky's number is negative here, so it stays
  // where a facet is as far as it. The lanes past the end are written back as they were; kLanes
  // values stand behind the last row.
  for (int x = begin; x <= end; x += kLanes, at += cv::v_setall_s32(kLanes)) {
    const Four inverse_depth = base + step * cv::v_cvt_f32(at);
    const Four before = cv::v_load(depth + x);
    const cv::v_int32x4 owner_before = cv::v_reinterpret_as_s32(cv::v_load(owner + x));
    const cv::v_int32x4 first_of_equals =
        cv::v_reinterpret_as_s32(inverse_depth == before) & (self < owner_before);
    const cv::v_int32x4 nearer =
        (cv::v_reinterpret_as_s32(inverse_depth > before) | first_of_equals) & (at <= last);
    cv::v_store(depth + x, cv::v_select(cv::v_reinterpret_as_f32(nearer), inverse_depth, before));
    cv::v_store(owner + x, cv::v_reinterpret_as_u32(cv::v_select(nearer, self, owner_before)));
  }
}

void Rasterizer::project(const Camera& camera, Corner& corner) {
  corner.inverse_depth = 1 / corner.view.z;
  corner.x = camera.center_x + camera.focal * corner.view.x * corner.inverse_depth;
  corner.y = camera.center_y + camera.focal * corner.view.y * corner.inverse_depth;
}

Rasterizer::Span Rasterizer::samples_between(float low, float high, int end) {
  return {static_cast<int>(std::max(0.0f, first_sample(low))),
          static_cast<int>(std::min(end - 1.0f, last_sample(high)))};
}

void Rasterizer::add_triangle(const std::array<std::uint32_t, 3>& corners, std::uint32_t part) {
  const Corner &a = corners_[corners[0]], &b = corners_[corners[1]], &c = corners_[corners[2]];
  const auto [low_x, high_x] = std::minmax({a.x, b.x, c.x});
  const auto [low_y, high_y] = std::minmax({a.y, b.y, c.y});
  if (high_x < 0 || low_x > size_.width || high_y < 0 || low_y > size_.height) return;
  const float area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
  if (std::fabs(area) < 1e-4f) return;
  const Span rows = samples_between(low_y, high_y, height_);
  const Span columns = samples_between(low_x, high_x, width_);
  if (rows.first > rows.last || columns.first > columns.last) return;
  const float to_b = b.inverse_depth - a.inverse_depth, to_c = c.inverse_depth - a.inverse_depth;
  Plane plane;
  plane.dx = (to_b * (c.y - a.y) - to_c * (b.y - a.y)) / area;
  plane.dy = (to_c * (b.x - a.x) - to_b * (c.x - a.x)) / area;
  plane.base = a.inverse_depth - plane.dx * a.x - plane.dy * a.y;
  const float nearest = std::max({a.inverse_depth, b.inverse_depth, c.inverse_depth});
  facets_.push_back({corners,
                     {a.x, b.x, c.x},
                     {a.y, b.y, c.y},
                     area,
                     part,
                     rows,
                     columns,
                     plane,
                     nearest,
                     rounding_of_depth(a, b, c, plane, area)});
}

float Rasterizer::rounding_of_depth(const Corner& a, const Corner& b, const Corner& c,
                                    const Plane& plane, float area) const {
  const auto reach = [](float length, float first, float second, float third) {
    return length + std::fabs(first) + std::fabs(second) + std::fabs(third);
  };
  const float width = reach(static_cast<float>(size_.width), a.x, b.x, c.x);
  const float height = reach(static_cast<float>(size_.height), a.y, b.y, c.y);
  const float depths = a.inverse_depth + b.inverse_depth + c.inverse_depth;
  const float along_x = std::fabs(b.x - a.x) + std::fabs(c.x - a.x);
  const float along_y = std::fabs(b.y - a.y) + std::fabs(c.y - a.y);
  const float products = along_x * along_y;
  const float slope_x = depths * along_y + std::fabs(plane.dx) * products;
  const float slope_y = depths * along_x + std::fabs(plane.dy) * products;
  constexpr float kEpsilons = 16 * std::numeric_limits<float>::epsilon();
  return kEpsilons * ((slope_x * width + slope_y * height) / std::fabs(area) + depths);
}

const Rasterizer::Planes& Rasterizer::planes_of(std::uint32_t number) {
  if (planes_numbers_[number] != kNotSeen) return planes_[planes_numbers_[number]];
  planes_numbers_[number] = static_cast<std::uint32_t>(planes_.size());
  const Facet& facet = facets_[number];
  const Corner &a = corners_[facet.corners[0]], &b = corners_[facet.corners[1]],
               &c = corners_[facet.corners[2]];
  const auto over_depth = [](const Corner& corner) {
    Values values = {
        1, corner.u, corner.v, corner.light, corner.next.x, corner.next.y, corner.next.z, 0};
    for (float& value : values) value *= corner.inverse_depth;
    return values;
  };
  const Values at_a = over_depth(a), at_b = over_depth(b), at_c = over_depth(c);
  Planes& planes = planes_.emplace_back();
  for (int i = 0; i < kValues; ++i) {
    const float to_b = at_b[i] - at_a[i], to_c = at_c[i] - at_a[i];
    planes.dx[i] = (to_b * (c.y - a.y) - to_c * (b.y - a.y)) / facet.area;
    planes.dy[i] = (to_c * (b.x - a.x) - to_b * (c.x - a.x)) / facet.area;
    planes.base[i] = at_a[i] - planes.dx[i] * a.x - planes.dy[i] * a.y;
  }
  return planes;
}

FourColors Rasterizer::shade(std::uint32_t facet, const View& view, const Four& x, const Four& y) {
  const Scene::Part& part = view.scene.parts_[facets_[facet].part];
  const Light& light = view.scene.light_;
  const Texture& texture = view.textures[part.surface.texture];
  const Planes& planes = planes_of(facet);
  const Four depth = four(1) / planes.at(kInverseDepth, x, y);
  const Four u = planes.at(kU, x, y) * depth, v = planes.at(kV, x, y) * depth;
  // How many texels a pixel spans, as the geometric mean of both directions.
  const auto slope = [&](const Values& along, Value value, const Four& at) {
    return (four(along[value]) - at * four(along[kInverseDepth])) * depth;
  };
  const Four ux = slope(planes.dx, kU, u), uy = slope(planes.dy, kU, u);
  const Four vx = slope(planes.dx, kV, v), vy = slope(planes.dy, kV, v);
  const Four area = cv::v_abs(ux * vy - uy * vx);
  const Four longest = cv::v_max(ux * ux + vx * vx, uy * uy + vy * vy);
  const cv::v_int32x4 level = cv::v_setall_s32(texture.log2_size()) +
                              (exponent_of(four(0.6f) * area + four(0.15f) * longest) >> 1);
  FourColors colors = texture.sample(u, v, level);
  const Four far = depth / four(light.haze_distance);
  std::array<float, 4> brightness, haze_share;
  cv::v_store(brightness.data(), planes.at(kLight, x, y) * depth);
  cv::v_store(haze_share.data(), far * far / (four(1) + far * far));
  const Four tint = channels(part.surface.tint), sun = channels(light.color);
  const Four haze = channels(light.haze);
  for (std::size_t i = 0; i < colors.size(); ++i) {
    const Four lit = colors[i] * tint * sun * four(brightness[i]);
    colors[i] = lit + (haze - lit) * four(haze_share[i]);
  }
  return colors;
}

FourColors Rasterizer::color_at(std::uint32_t owner, const View& view, const Four& x,
                                const Four& y) {
  if (owner != kSky) return shade(owner, view, x, y);
  return sky_colors(view.scene.light_, view.clouds, view.camera, x, y);
}

Rasterizer::Flow Rasterizer::flow_at(std::uint32_t owner, const View& view, const Four& x,
                                     const Four& y) {
  const Camera& camera = view.next_camera;
  Four next_x, next_y, next_z;
  if (owner == kSky) {
    std::array<float, 4> at_x, at_y, to_x, to_y, to_z;
    cv::v_store(at_x.data(), x);
    cv::v_store(at_y.data(), y);
    for (std::size_t i = 0; i < at_x.size(); ++i) {
      const Vec3 next = camera.to_view(camera.position + view.camera.ray(at_x[i], at_y[i]));
      to_x[i] = next.x;
      to_y[i] = next.y;
      to_z[i] = next.z;
    }
    next_x = cv::v_load(to_x.data());
    next_y = cv::v_load(to_y.data());
    next_z = cv::v_load(to_z.data());
  } else {
    const Planes& planes = planes_of(owner);
    next_x = planes.at(kNextX, x, y);
    next_y = planes.at(kNextY, x, y);
    next_z = planes.at(kNextZ, x, y);
  }
  // A point that the camera passes has no place in the next picture; its direction remains.
  const Four z = cv::v_max(next_z, four(1e-4f));
  const Four focal = four(camera.focal);
  return {four(camera.center_x) + focal * next_x / z - x,
          four(camera.center_y) + focal * next_y / z - y};
}

Rasterizer::Label Rasterizer::label_of(std::uint32_t owner, const View& view) const {
  if (owner == kSky) return {kSkyCategory, 0};
  const Scene::Part& part = view.scene.parts_[facets_[owner].part];
  return {part.surface.category, part.object};
}

void Rasterizer::resolve_run(std::uint32_t owner, int x, int y, int count, const View& view) {
  const Four px = four(x + 0.5f) + Four(0, 1, 2, 3), py = four(y + 0.5f);
  const FourColors colors = color_at(owner, view, px, py);
  const Flow flow = flow_at(owner, view, px, py);
  const Label label = label_of(owner, view);
  std::array<float, 8> flow_values;
  cv::v_store_interleave(flow_values.data(), flow.dx, flow.dy);
  for (int i = 0; i < count; ++i) cv::v_store(&out_.color.at(x + i, y), colors[i]);
  std::copy_n(flow_values.data(), 2 * count, &out_.flow.at(x, y));
  std::fill_n(&out_.categories.at(x, y), count, label.category);
  std::fill_n(&out_.objects.at(x, y), count, label.object);
}

void Rasterizer::resolve_edge(const std::array<std::uint32_t, 4>& owner, int x, int y,
                              const View& view) {
  const Four px = four(static_cast<float>(x)) + Four(0.25f, 0.75f, 0.25f, 0.75f);
  const Four py = four(static_cast<float>(y)) + Four(0.25f, 0.25f, 0.75f, 0.75f);
  std::array<Label, 4> labels;
  std::array<Four, 4> colors;
  for (int i = 0; i < 4; ++i) {
    labels[i] = label_of(owner[i], view);
    if (std::find(owner.begin(), owner.begin() + i, owner[i]) != owner.begin() + i) continue;
    const FourColors its = color_at(owner[i], view, px, py);
    for (int j = i; j < 4; ++j)
      if (owner[j] == owner[i]) colors[j] = its[j];
  }
  Four color = cv::v_setzero_f32();
  for (const Four& part : colors) color += part * four(0.25f);
  cv::v_store(&out_.color.at(x, y), color);
  int label_sample = 0;
  std::ptrdiff_t most = 0;
  for (int i = 0; i < 4; ++i) {
    const std::ptrdiff_t votes = std::count(labels.begin(), labels.end(), labels[i]);
    if (votes > most) {
      most = votes;
      label_sample = i;
    }
  }
  out_.categories.at(x, y) = labels[label_sample].category;
  out_.objects.at(x, y) = labels[label_sample].object;
  const Flow flow = flow_at(owner[label_sample], view, px, py);
  std::array<float, 4> dx, dy;
  cv::v_store(dx.data(), flow.dx);
  cv::v_store(dy.data(), flow.dy);
  out_.flow.at(x, y, 0) = dx[label_sample];
  out_.flow.at(x, y, 1) = dy[label_sample];
}

void Rasterizer::resolve_row(int y, const View& view) {
  const int row = y % kBandHeight * kSamples;
  const std::uint32_t* top = owner_.data() + static_cast<std::size_t>(row) * width_;
  const std::uint32_t* bottom = top + width_;
  const auto shows_only = [&](int x, std::uint32_t owner) {
    return top[2 * x] == owner && top[2 * x + 1] == owner && bottom[2 * x] == owner &&
           bottom[2 * x + 1] == owner;
  };
  for (int x = 0; x < size_.width;) {
    const std::uint32_t owner = top[2 * x];
    if (!shows_only(x, owner)) {
      resolve_edge({owner, top[2 * x + 1], bottom[2 * x], bottom[2 * x + 1]}, x, y, view);
      ++x;
      continue;
    }
    int count = 1;
    while (count < kLanes && x + count < size_.width && shows_only(x + count, owner)) ++count;
    resolve_run(owner, x, y, count, view);
    x += count;
  }
}

void Rasterizer::add_cut_triangle(const Camera& camera, const std::array<std::uint32_t, 3>& corners,
                                  std::uint32_t part) {
  std::array<std::uint32_t, 4> kept;  // a triangle without one of its corners has four
  int count = 0;
  for (int i = 0; i < 3; ++i) {
    const Corner a = corners_[corners[i]], b = corners_[corners[(i + 1) % 3]];
    if (a.view.z >= kNear) kept[count++] = corners[i];
    if ((a.view.z >= kNear) != (b.view.z >= kNear)) {
      const float share = (kNear - a.view.z) / (b.view.z - a.view.z);
      Corner cut = a;
      cut.view = a.view + (b.view - a.view) * share;
      cut.next = a.next + (b.next - a.next) * share;
      cut.u += (b.u - a.u) * share;
      cut.v += (b.v - a.v) * share;
      cut.light += (b.light - a.light) * share;
      project(camera, cut);
      kept[count++] = static_cast<std::uint32_t>(corners_.size());
      corners_.push_back(cut);
    }
  }
  for (int i = 2; i < count; ++i) add_triangle({kept[0], kept[i - 1], kept[i]}, part);
}

void Rasterizer::add_triangles(const Scene& scene, const Camera& camera,
                               const Camera& next_camera) {
  facets_.clear();
  corners_.clear();
  for (const Scene::Vertex& v : scene.vertices_) {
    Corner& corner = corners_.emplace_back(Corner{
        camera.to_view(v.position), next_camera.to_view(v.next), v.u, v.v, v.light, 0, 0, 0});
    if (corner.view.z >= kNear) project(camera, corner);
  }
  const auto in_front = [&](std::uint32_t corner) { return corners_[corner].view.z >= kNear; };
  for (const MeshTriangle& t : scene.triangles_) {
    const int visible = in_front(t.a) + in_front(t.b) + in_front(t.c);
    if (visible == 3)
      add_triangle({t.a, t.b, t.c}, t.surface);
    else if (visible > 0)
      add_cut_triangle(camera, {t.a, t.b, t.c}, t.surface);
  }
  planes_.clear();
  planes_numbers_.assign(facets_.size(), kNotSeen);
}

void Rasterizer::put_into_bands() {
  // As the bits of positive floats have the order of their values, the first of them tell steps of
  // an eighth.
  constexpr int kUnusedBits = 20;
  const auto step = [](const Facet& facet) {
    return std::bit_cast<std::uint32_t>(facet.nearest) >> kUnusedBits;
  };
  std::array<std::uint32_t, 1 << (32 - kUnusedBits)> place{};
  for (const Facet& facet : facets_) ++place[step(facet)];
  std::exclusive_scan(place.rbegin(), place.rend(), place.rbegin(), 0u);
  near_to_far_.resize(facets_.size());
  for (std::uint32_t number = 0; number < facets_.size(); ++number)
    near_to_far_[place[step(facets_[number])]++] = number;
  for (auto& band : bands_) band.clear();
  for (const std::uint32_t number : near_to_far_) {
    const Span rows = facets_[number].rows;
    for (int band = rows.first / kBandSamples; band <= rows.last / kBandSamples; ++band)
      bands_[band].push_back(number);
  }
}

void Rasterizer::fill_band(int band) {
  const std::vector<std::uint32_t>& facets = bands_[band];
  constexpr std::size_t kAhead = 8;  // facets lie scattered, and are as large as two lines
  for (std::size_t i = 0; i < facets.size(); ++i) {
    const Facet* soon = &facets_[facets[std::min(i + kAhead, facets.size() - 1)]];
    __builtin_prefetch(soon);
    __builtin_prefetch(reinterpret_cast<const char*>(soon + 1) - 1);
    fill(facets[i], band);
  }
}

Rendering& Rasterizer::draw(const Scene& scene, const std::vector<Texture>& textures,
                            const Texture& clouds, const Camera& camera,
                            const Camera& next_camera) {
  add_triangles(scene, camera, next_camera);
  put_into_bands();
  const View view{scene, textures, clouds, camera, next_camera};
  out_.categories = LabelMap(size_, 1);
  out_.objects = IdMap(size_, 1);
  out_.flow = Pixels<float>(size_, 2);
  for (std::size_t band = 0; band < bands_.size(); ++band) {
    std::ranges::fill(depth_, 0.0f);
    std::ranges::fill(owner_, kSky);
    std::ranges::fill(tiles_, Tile{});
    fill_band(static_cast<int>(band));
    const int top = static_cast<int>(band) * kBandHeight;
    for (int y = top; y < std::min(top + kBandHeight, size_.height); ++y) resolve_row(y, view);
  }
  return out_;
}

}  // namespace tessera::synth
