#include "tessera/data/synth/rasterizer.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "tessera/data/synth/rounding.h"

namespace tessera::synth {
namespace {

constexpr float kNear = 0.4f;
constexpr int kSamples = 2;  // of a pixel, along each axis
constexpr std::uint32_t kSky = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint8_t kSkyCategory = 10;
constexpr std::uint32_t kAllBits = std::numeric_limits<std::uint32_t>::max();

Vec3 turn(Vec3 v, float cosine, float sine) {
  return {v.x * cosine + v.z * sine, v.y, v.z * cosine - v.x * sine};
}

Tint mix(Tint a, Tint b, float share) {
  return {a.r + (b.r - a.r) * share, a.g + (b.g - a.g) * share, a.b + (b.b - a.b) * share};
}

/// log2 through the exponent of the float (as std::frexp has it): mip levels need no more. 0 of
/// what has none.
int exponent_of(float x) {
  const int stored = static_cast<int>(std::bit_cast<std::uint32_t>(x) >> 23);
  return x == 0 || stored == 255 ? 0 : stored - 126;
}

Tint sky_color(const Light& light, const Texture& clouds, Vec3 ray) {
  const float length = std::sqrt(dot(ray, ray));
  const float up = std::max(ray.y / length, 0.0f);
  const Tint clear = mix(light.sky_low, light.sky_high, std::min(1.0f, up * 2.2f));
  // Clouds lie on a flat layer high above; near the horizon they melt into the haze.
  const float scale = 0.13f / (up + 0.08f) / length;
  const float cover = clouds.sample(ray.x * scale, ray.z * scale, 0).r;
  const float share =
      std::clamp((cover - (1 - light.cloudiness)) * 3.5f, 0.0f, 1.0f) * std::min(1.0f, up * 6);
  const float brightness = 0.88f + 0.25f * cover;
  return mix(clear, Tint{0.97f, 0.97f, 0.98f} * brightness, share * 0.85f);
}

// Sample (i, j) lies at ((i + 0.5) / kSamples, (j + 0.5) / kSamples).
float first_sample(float low) { return fast_ceil(low * kSamples - 0.5f); }
float last_sample(float high) { return fast_floor(high * kSamples - 0.5f); }

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
      depth_(static_cast<std::size_t>(width_) * kBandHeight * kSamples),
      owner_(depth_.size()),
      bands_((size.height + kBandHeight - 1) / kBandHeight) {}

void Rasterizer::fill(std::uint32_t number, int band) {
  const Facet& facet = facets_[number];
  const auto [low_x, high_x] = std::ranges::minmax(facet.x);
  const auto [low_y, high_y] = std::ranges::minmax(facet.y);
  const int band_row = band * kBandHeight * kSamples;
  const int first_row = std::max(band_row, static_cast<int>(first_sample(low_y)));
  const int last_row = std::min(std::min(height_, band_row + kBandHeight * kSamples) - 1,
                                static_cast<int>(last_sample(high_y)));
  const float left = std::max(0.0f, first_sample(low_x));
  const float right = std::min(width_ - 1.0f, last_sample(high_x));
  const Plane& plane = facet.inverse_depth;
  const float sign = facet.area > 0 ? 1.0f : -1.0f;
  const float step = plane.dx / kSamples;
  for (int row = first_row; row <= last_row; ++row) {
    const float y = (row + 0.5f) / kSamples;
    float from = left, to = right;
    for (int i = 0; i < 3; ++i) {
      const int j = (i + 1) % 3;
      // Inside where slope * x + offset >= 0.
      const float width = facet.x[j] - facet.x[i], height = facet.y[j] - facet.y[i];
      const float slope = -height * sign;
      const float offset = (width * (y - facet.y[i]) + height * facet.x[i]) * sign;
      if (slope > 0) {
        from = std::max(from, first_sample(-offset / slope));
      } else if (slope < 0) {
        to = std::min(to, last_sample(-offset / slope));
      } else if (offset < 0) {
        to = -1;
      }
    }
    if (!(from <= to)) continue;
    const int begin = static_cast<int>(from), end = static_cast<int>(to);
    float* depth = depth_.data() + static_cast<std::size_t>(row - band_row) * width_;
    std::uint32_t* owner = owner_.data() + static_cast<std::size_t>(row - band_row) * width_;
    const float base = plane.at(0.5f / kSamples, y);
    // By masks, so that several samples are compared at a time.
    for (int x = begin; x <= end; ++x) {
      const float inverse_depth = base + step * static_cast<float>(x);
      const std::uint32_t nearer = inverse_depth > depth[x] ? kAllBits : 0;
      depth[x] = std::max(depth[x], inverse_depth);
      owner[x] = (owner[x] & ~nearer) | (number & nearer);
    }
  }
}

void Rasterizer::add_triangle(const Camera& camera, const std::array<Corner, 3>& input,
                              std::uint32_t part) {
  std::array<Corner, 3> corners = input;
  for (Corner& corner : corners) {
    corner.inverse_depth = 1 / corner.view.z;
    corner.x = camera.center_x + camera.focal * corner.view.x * corner.inverse_depth;
    corner.y = camera.center_y + camera.focal * corner.view.y * corner.inverse_depth;
  }
  const auto& [a, b, c] = corners;
  const auto [low_y, high_y] = std::minmax({a.y, b.y, c.y});
  if (std::max({a.x, b.x, c.x}) < 0 || std::min({a.x, b.x, c.x}) > size_.width || high_y < 0 ||
      low_y > size_.height)
    return;
  const float area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
  if (std::fabs(area) < 1e-4f) return;
  const int first_row = static_cast<int>(std::max(0.0f, first_sample(low_y)));
  const int last_row = static_cast<int>(std::min(height_ - 1.0f, last_sample(high_y)));
  if (first_row > last_row) return;  // between two rows of samples
  const auto plane = [&](float at_a, float at_b, float at_c) {
    at_a *= a.inverse_depth;
    at_b *= b.inverse_depth;
    at_c *= c.inverse_depth;
    Plane result;
    result.dx = ((at_b - at_a) * (c.y - a.y) - (at_c - at_a) * (b.y - a.y)) / area;
    result.dy = ((at_c - at_a) * (b.x - a.x) - (at_b - at_a) * (c.x - a.x)) / area;
    result.base = at_a - result.dx * a.x - result.dy * a.y;
    return result;
  };
  for (int band = first_row / (kBandHeight * kSamples); band <= last_row / (kBandHeight * kSamples);
       ++band)
    bands_[band].push_back(static_cast<std::uint32_t>(facets_.size()));
  facets_.push_back({{a.x, b.x, c.x},
                     {a.y, b.y, c.y},
                     area,
                     plane(1, 1, 1),
                     plane(a.u, b.u, c.u),
                     plane(a.v, b.v, c.v),
                     plane(a.light, b.light, c.light),
                     {plane(a.next.x, b.next.x, c.next.x), plane(a.next.y, b.next.y, c.next.y),
                      plane(a.next.z, b.next.z, c.next.z)},
                     part});
}

Tint Rasterizer::shade(const Facet& facet, const Scene& scene, const std::vector<Texture>& textures,
                       float x, float y) const {
  const Scene::Part& part = scene.parts_[facet.part];
  const Texture& texture = textures[part.surface.texture];
  const float depth = 1 / facet.inverse_depth.at(x, y);
  const float u = facet.u.at(x, y) * depth, v = facet.v.at(x, y) * depth;
  // How many texels a pixel spans, as the geometric mean of both directions.
  const float ux = (facet.u.dx - u * facet.inverse_depth.dx) * depth;
  const float uy = (facet.u.dy - u * facet.inverse_depth.dy) * depth;
  const float vx = (facet.v.dx - v * facet.inverse_depth.dx) * depth;
  const float vy = (facet.v.dy - v * facet.inverse_depth.dy) * depth;
  const float area = std::fabs(ux * vy - uy * vx);
  const float longest = std::max(ux * ux + vx * vx, uy * uy + vy * vy);
  const int level = texture.log2_size() + (exponent_of(0.6f * area + 0.15f * longest) >> 1);
  Tint color = texture.sample(u, v, level);
  const float light = facet.light.at(x, y) * depth;
  const Tint& tint = part.surface.tint;
  const Tint& sun = scene.light_.color;
  color = {color.r * tint.r * sun.r * light, color.g * tint.g * sun.g * light,
           color.b * tint.b * sun.b * light};
  const float far = depth / scene.light_.haze_distance;
  return mix(color, scene.light_.haze, far * far / (1 + far * far));
}

void Rasterizer::resolve_row(int y, const Scene& scene, const std::vector<Texture>& textures,
                             const Texture& clouds, const Camera& camera, const Camera& next_camera,
                             Rendering& out) const {
  const int row = y % kBandHeight * kSamples;
  const std::uint32_t* top = owner_.data() + static_cast<std::size_t>(row) * width_;
  const std::uint32_t* bottom = top + width_;
  for (int x = 0; x < size_.width; ++x) {
    const std::array<std::uint32_t, 4> owner = {top[2 * x], top[2 * x + 1], bottom[2 * x],
                                                bottom[2 * x + 1]};
    const auto color_at = [&](std::uint32_t facet, float px, float py) {
      return facet == kSky ? sky_color(scene.light_, clouds, camera.ray(px, py))
                           : shade(facets_[facet], scene, textures, px, py);
    };
    const auto object_of = [&](std::uint32_t facet) {
      if (facet == kSky) return std::pair<int, std::uint32_t>(kSkyCategory, 0);
      const Scene::Part& part = scene.parts_[facets_[facet].part];
      return std::pair<int, std::uint32_t>(part.surface.category, part.object);
    };
    Tint color;
    int label_sample = 0;
    float px = x + 0.5f, py = y + 0.5f;
    if (owner[0] == owner[1] && owner[0] == owner[2] && owner[0] == owner[3]) {
      color = color_at(owner[0], px, py);
    } else {
      color = {0, 0, 0};
      int most = 0;
      for (int i = 0; i < 4; ++i) {
        const Tint part =
            color_at(owner[i], x + 0.25f + 0.5f * (i % 2), y + 0.25f + 0.5f * (i / 2));
        color = {color.r + part.r / 4, color.g + part.g / 4, color.b + part.b / 4};
        int votes = 0;
        for (int j = 0; j < 4; ++j) votes += object_of(owner[i]) == object_of(owner[j]);
        if (votes > most) {
          most = votes;
          label_sample = i;
        }
      }
      px = x + 0.25f + 0.5f * (label_sample % 2);
      py = y + 0.25f + 0.5f * (label_sample / 2);
    }
    float* rgb = &out.color.at(x, y);
    rgb[0] = color.r;
    rgb[1] = color.g;
    rgb[2] = color.b;
    const auto [category, object] = object_of(owner[label_sample]);
    out.categories.at(x, y) = static_cast<std::uint8_t>(category);
    out.objects.at(x, y) = object;
    Vec3 next;
    if (owner[label_sample] == kSky) {
      next = next_camera.to_view(next_camera.position + camera.ray(px, py));
    } else {
      const Facet& facet = facets_[owner[label_sample]];
      next = {facet.next[0].at(px, py), facet.next[1].at(px, py), facet.next[2].at(px, py)};
    }
    // A point that the camera passes has no place in the next picture; its direction remains.
    const float z = std::max(next.z, 1e-4f);
    out.flow.at(x, y, 0) = next_camera.center_x + next_camera.focal * next.x / z - px;
    out.flow.at(x, y, 1) = next_camera.center_y + next_camera.focal * next.y / z - py;
  }
}

void Rasterizer::add_triangles(const Scene& scene, const Camera& camera,
                               const Camera& next_camera) {
  facets_.clear();
  for (auto& band : bands_) band.clear();
  std::vector<Corner> corners;
  corners.reserve(scene.vertices_.size());
  for (const Scene::Vertex& v : scene.vertices_)
    corners.push_back(
        {camera.to_view(v.position), next_camera.to_view(v.next), v.u, v.v, v.light, 0, 0, 0});
  for (const MeshTriangle& t : scene.triangles_) {
    const std::array<Corner, 3> all = {corners[t.a], corners[t.b], corners[t.c]};
    // Cut at the near plane: up to four corners remain.
    std::array<Corner, 4> kept;
    int count = 0;
    for (int i = 0; i < 3; ++i) {
      const Corner& a = all[i];
      const Corner& b = all[(i + 1) % 3];
      if (a.view.z >= kNear) kept[count++] = a;
      if ((a.view.z >= kNear) != (b.view.z >= kNear)) {
        const float share = (kNear - a.view.z) / (b.view.z - a.view.z);
        Corner cut = a;
        cut.view = a.view + (b.view - a.view) * share;
        cut.next = a.next + (b.next - a.next) * share;
        cut.u += (b.u - a.u) * share;
        cut.v += (b.v - a.v) * share;
        cut.light += (b.light - a.light) * share;
        kept[count++] = cut;
      }
    }
    for (int i = 2; i < count; ++i)
      add_triangle(camera, {kept[0], kept[i - 1], kept[i]}, t.surface);
  }
}

Rendering Rasterizer::draw(const Scene& scene, const std::vector<Texture>& textures,
                           const Texture& clouds, const Camera& camera, const Camera& next_camera) {
  add_triangles(scene, camera, next_camera);
  Rendering out{Pixels<float>(size_, 3), LabelMap(size_, 1), IdMap(size_, 1),
                Pixels<float>(size_, 2)};
  for (std::size_t band = 0; band < bands_.size(); ++band) {
    std::ranges::fill(depth_, 0.0f);
    std::ranges::fill(owner_, kSky);
    for (const std::uint32_t number : bands_[band]) fill(number, static_cast<int>(band));
    const int top = static_cast<int>(band) * kBandHeight;
    for (int y = top; y < std::min(top + kBandHeight, size_.height); ++y)
      resolve_row(y, scene, textures, clouds, camera, next_camera, out);
  }
  return out;
}

}  // namespace tessera::synth
