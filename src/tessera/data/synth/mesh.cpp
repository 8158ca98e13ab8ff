#include "tessera/data/synth/mesh.h"

#include <algorithm>
#include <numbers>

namespace tessera::synth {
namespace {

constexpr float kTurn = 2 * std::numbers::pi_v<float>;

/// Two directions that complete `axis` to a right-angled frame.
void make_frame(Vec3 axis, Vec3& side, Vec3& up) {
  const Vec3 helper = std::fabs(axis.y) < 0.9f ? Vec3{0, 1, 0} : Vec3{1, 0, 0};
  side = normalized(cross(helper, axis));
  up = cross(axis, side);
}

}  // namespace

void Mesh::use(const Surface& surface) { surfaces.push_back(surface); }

std::uint32_t Mesh::add(Vec3 position, Vec3 normal, float u, float v) {
  vertices.push_back({position, normal, u, v});
  return static_cast<std::uint32_t>(vertices.size() - 1);
}

void Mesh::triangle(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  triangles.push_back({a, b, c, static_cast<std::uint32_t>(surfaces.size() - 1)});
}

void Mesh::quad(Vec3 a, Vec3 b, Vec3 c, Vec3 d, Vec3 inside, float u0, float v0, float u1,
                float v1) {
  Vec3 normal = normalized(cross(c - a, d - b));
  if (dot(normal, (a + c) * 0.5f - inside) < 0) normal = normal * -1.0f;
  const std::uint32_t first = add(a, normal, u0, v0);
  add(b, normal, u1, v0);
  add(c, normal, u1, v1);
  add(d, normal, u0, v1);
  triangle(first, first + 1, first + 2);
  triangle(first, first + 2, first + 3);
}

void Mesh::box(Vec3 low, Vec3 high, float scale) {
  const Vec3 middle = (low + high) * 0.5f;
  const float x = (high.x - low.x) * scale, y = (high.y - low.y) * scale,
              z = (high.z - low.z) * scale;
  const auto corner = [&](bool right, bool top, bool front) {
    return Vec3{right ? high.x : low.x, top ? high.y : low.y, front ? high.z : low.z};
  };
  for (const bool side : {false, true}) {
    quad(corner(side, false, false), corner(side, false, true), corner(side, true, true),
         corner(side, true, false), middle, 0, 0, z, y);
    quad(corner(false, false, side), corner(true, false, side), corner(true, true, side),
         corner(false, true, side), middle, 0, 0, x, y);
  }
  quad(corner(false, true, false), corner(true, true, false), corner(true, true, true),
       corner(false, true, true), middle, 0, 0, x, z);
}

void Mesh::rod(Vec3 from, Vec3 to, float from_radius, float to_radius, int sides) {
  const Vec3 axis = normalized(to - from);
  Vec3 side, up;
  make_frame(axis, side, up);
  const float length = std::sqrt(dot(to - from, to - from));
  const auto first = static_cast<std::uint32_t>(vertices.size());
  for (int i = 0; i <= sides; ++i) {
    const float angle = kTurn * i / sides;
    const Vec3 out = side * std::cos(angle) + up * std::sin(angle);
    const float u = static_cast<float>(i) / sides;
    add(from + out * from_radius, out, u, 0);
    add(to + out * to_radius, out, u, length);
  }
  for (int i = 0; i < sides; ++i) {
    const std::uint32_t at = first + 2 * i;
    triangle(at, at + 1, at + 3);
    triangle(at, at + 3, at + 2);
  }
  disc(from, axis * -1.0f, from_radius, sides);
  disc(to, axis, to_radius, sides);
}

void Mesh::disc(Vec3 center, Vec3 axis, float radius, int sides) {
  Vec3 side, up;
  make_frame(axis, side, up);
  const std::uint32_t middle = add(center, axis, 0.5f, 0.5f);
  for (int i = 0; i <= sides; ++i) {
    const float angle = kTurn * i / sides;
    const float x = std::cos(angle), y = std::sin(angle);
    add(center + (side * x + up * y) * radius, axis, 0.5f + 0.5f * x, 0.5f + 0.5f * y);
    if (i > 0) triangle(middle, middle + i, middle + i + 1);
  }
}

void Mesh::blob(Vec3 center, Vec3 radius, int rings, int segments, float roughness,
                Random& random) {
  const auto first = static_cast<std::uint32_t>(vertices.size());
  for (int i = 0; i <= rings; ++i) {
    const float polar = std::numbers::pi_v<float> * i / rings;
    const bool pole = i == 0 || i == rings;
    const float pole_push = static_cast<float>(random.uniform(-roughness, roughness));
    for (int j = 0; j < segments; ++j) {
      const float around = kTurn * j / segments;
      const Vec3 out{std::sin(polar) * std::cos(around), std::cos(polar),
                     std::sin(polar) * std::sin(around)};
      const float push =
          pole ? pole_push : static_cast<float>(random.uniform(-roughness, roughness));
      const float size = 1 + push;
      // Hollows lie in the shade: tilting their normals down darkens them.
      const Vec3 normal = normalized(out + Vec3{0, 2.5f * push, 0});
      add(center + Vec3{out.x * radius.x, out.y * radius.y, out.z * radius.z} * size, normal,
          radius.x * around, radius.y * polar);
    }
  }
  for (int i = 0; i < rings; ++i)
    for (int j = 0; j < segments; ++j) {
      const std::uint32_t a = first + i * segments + j;
      const std::uint32_t b = first + i * segments + (j + 1) % segments;
      triangle(a, b, b + segments);
      triangle(a, b + segments, a + segments);
    }
}

}  // namespace tessera::synth
