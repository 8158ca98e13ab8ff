#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "tessera/core/random.h"

/// Small textured triangle meshes: what everything in the synthetic street is made of.
namespace tessera::synth {

struct Vec3 {
  float x = 0, y = 0, z = 0;

  friend Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
  friend Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
  friend Vec3 operator*(Vec3 a, float k) { return {a.x * k, a.y * k, a.z * k}; }
};

inline float dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 cross(Vec3 a, Vec3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline Vec3 normalized(Vec3 a) {
  const float length = std::sqrt(dot(a, a));
  return length > 0 ? a * (1 / length) : Vec3{0, 1, 0};
}

/// A colour as linear factors, 1 = full.
struct Tint {
  float r = 1, g = 1, b = 1;
  friend Tint operator+(Tint a, Tint b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
  friend Tint operator*(Tint a, float k) { return {a.r * k, a.g * k, a.b * k}; }
};

/// What a part of a mesh looks like and is labelled as.
struct Surface {
  int texture = 0;
  Tint tint;
  std::uint8_t category = 255;  ///< Cityscapes trainId, 255 void
};

struct MeshVertex {
  Vec3 position;
  Vec3 normal;
  float u = 0, v = 0;
};

struct MeshTriangle {
  std::uint32_t a = 0, b = 0, c = 0;
  std::uint32_t surface = 0;
};

/// Coordinates: x right, y up, z forward, in metres.
class Mesh {
 public:
  std::vector<MeshVertex> vertices;
  std::vector<MeshTriangle> triangles;
  std::vector<Surface> surfaces;

  /// Later primitives have this look.
  void use(const Surface& surface);

  /// A flat quad a-b-c-d around its outline; its normal points away from `inside`. Texture
  /// coordinates run from (u0, v0) at a to (u1, v1) at c.
  void quad(Vec3 a, Vec3 b, Vec3 c, Vec3 d, Vec3 inside, float u0 = 0, float v0 = 0, float u1 = 1,
            float v1 = 1);
  /// An axis-aligned box without its floor, `scale` texture repeats a metre.
  void box(Vec3 low, Vec3 high, float scale = 1);
  /// A round, possibly tapered rod with closed ends.
  void rod(Vec3 from, Vec3 to, float from_radius, float to_radius, int sides);
  /// A flat disc that faces along `axis`.
  void disc(Vec3 center, Vec3 axis, float radius, int sides);
  /// An ellipsoid whose surface is pushed in and out by up to `roughness` of its radius.
  void blob(Vec3 center, Vec3 radius, int rings, int segments, float roughness, Random& random);

 private:
  std::uint32_t add(Vec3 position, Vec3 normal, float u, float v);
  void triangle(std::uint32_t a, std::uint32_t b, std::uint32_t c);
};

}  // namespace tessera::synth
