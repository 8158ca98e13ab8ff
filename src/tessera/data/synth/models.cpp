#include "tessera/data/synth/models.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace tessera::synth {
namespace {

constexpr Tint kGlass = {0.1f, 0.13f, 0.17f};
constexpr Tint kRubber = {0.06f, 0.06f, 0.07f};
constexpr Tint kMetal = {0.5f, 0.51f, 0.53f};

void add_wheel(Mesh& mesh, Vec3 center, float radius, float width, Category category) {
  const Vec3 half{width / 2, 0, 0};
  mesh.use({kPlain, kRubber, category});
  mesh.rod(center - half, center + half, radius, radius, 12);
  mesh.use({kPlain, kMetal * 0.9f, category});
  for (const float side : {-1.0f, 1.0f}) {
    const Vec3 out{side * 0.01f, 0, 0};
    mesh.disc(center + half * side + out, {side, 0, 0}, radius * 0.6f, 8);
  }
}

void add_four_wheels(Mesh& mesh, float length, float width, float radius, Category category) {
  for (const float z : {-0.3f, 0.31f})
    for (const float side : {-1.0f, 1.0f})
      add_wheel(mesh, {side * (width / 2 - 0.1f), radius, z * length}, radius, 0.24f, category);
}

/// A small flat rectangle on the front or the back.
void add_patch(Mesh& mesh, const Surface& surface, float x, float y, float z, float half_width,
               float half_height) {
  mesh.use(surface);
  mesh.quad({x - half_width, y - half_height, z}, {x + half_width, y - half_height, z},
            {x + half_width, y + half_height, z}, {x - half_width, y + half_height, z}, {x, y, 0});
}

void add_lights(Mesh& mesh, Category category, float length, float half_width, float height) {
  const float front = length / 2 + 0.01f, rear = -length / 2 - 0.01f;
  for (const float side : {-1.0f, 1.0f}) {
    add_patch(mesh, {kPlain, {1.4f, 1.4f, 1.25f}, category}, side * half_width * 0.75f, height,
              front, 0.17f, 0.08f);
    add_patch(mesh, {kPlain, {0.95f, 0.05f, 0.04f}, category}, side * half_width * 0.78f,
              height + 0.08f, rear, 0.13f, 0.1f);
  }
  for (const float z : {front, rear})
    add_patch(mesh, {kPlain, {1.1f, 1.1f, 1.0f}, category}, 0, height - 0.16f, z, 0.25f, 0.06f);
  add_patch(mesh, {kPlain, {0.08f, 0.08f, 0.09f}, category}, 0, height, front, half_width * 0.45f,
            0.07f);
}

/// A slice across a car: heights of its underside, its belt line and its roof.
struct Station {
  float z, low, belt, roof, half_width;
};

void add_body(Mesh& mesh, const std::vector<Station>& stations, Tint paint) {
  const auto ring = [](const Station& s, float side) {
    const float roof_width = s.half_width * (s.roof > s.belt + 0.1f ? 0.78f : 0.96f);
    return std::array<Vec3, 4>{Vec3{side * s.half_width * 0.94f, s.low, s.z},
                               Vec3{side * s.half_width, (s.low + s.belt) * 0.55f, s.z},
                               Vec3{side * s.half_width * 0.96f, s.belt, s.z},
                               Vec3{side * roof_width, s.roof, s.z}};
  };
  const Surface body{kPlain, paint, kCar}, door{kCarSide, paint, kCar},
      window{kWindowFrame, paint, kCar}, glass{kPlain, kGlass, kCar};
  const float start = stations.front().z, length = stations.back().z - start;
  for (std::size_t i = 0; i + 1 < stations.size(); ++i) {
    const Station& a = stations[i];
    const Station& b = stations[i + 1];
    const bool cabin_a = a.roof > a.belt + 0.1f, cabin_b = b.roof > b.belt + 0.1f;
    const Vec3 inside{0, 0.7f, (a.z + b.z) / 2};
    const float u0 = (a.z - start) / length, u1 = (b.z - start) / length;
    for (const float side : {-1.0f, 1.0f}) {
      const auto p = ring(a, side), q = ring(b, side);
      mesh.use(door);
      mesh.quad(p[0], q[0], q[1], p[1], inside, u0, 0, u1, 0.5f);
      mesh.quad(p[1], q[1], q[2], p[2], inside, u0, 0.5f, u1, 1);
      mesh.use(cabin_a && cabin_b ? window : cabin_a || cabin_b ? glass : body);
      mesh.quad(p[2], q[2], q[3], p[3], inside);
    }
    mesh.use(cabin_a != cabin_b ? glass : body);
    mesh.quad(ring(a, -1)[3], ring(a, 1)[3], ring(b, 1)[3], ring(b, -1)[3], inside);
  }
  mesh.use(body);
  for (const Station* end : {&stations.front(), &stations.back()}) {
    const auto left = ring(*end, -1), right = ring(*end, 1);
    for (int k = 0; k < 3; ++k)
      mesh.quad(left[k], right[k], right[k + 1], left[k + 1], {0, 0.6f, 0});
  }
}

}  // namespace

Mesh make_car(const CarModel& m) {
  Mesh mesh;
  const float half = m.length / 2, w = m.width / 2, belt = 0.92f + (m.height - 1.45f) * 0.4f;
  const float screen = half - m.hood * m.length, rear = -half + m.trunk * m.length;
  const float roof = m.height;
  add_body(mesh,
           {{-half, 0.34f, belt - 0.12f, belt - 0.12f, w * 0.88f},
            {-half + 0.1f, 0.2f, belt + 0.02f, belt + 0.02f, w * 0.97f},
            {std::max(rear, -half + 0.12f), 0.2f, belt + 0.03f, belt + 0.04f, w},
            {rear + 0.12f * m.length, 0.2f, belt + 0.02f, roof - 0.03f, w},
            {rear + 0.3f * m.length, 0.2f, belt, roof, w},
            {screen - 0.16f * m.length, 0.2f, belt, roof - 0.02f, w},
            {screen, 0.2f, belt - 0.01f, belt, w},
            {half - 0.14f, 0.22f, belt - 0.2f, belt - 0.18f, w * 0.96f},
            {half, 0.34f, belt - 0.3f, belt - 0.3f, w * 0.86f}},
           m.paint);
  add_four_wheels(mesh, m.length, m.width, 0.32f, kCar);
  add_lights(mesh, kCar, m.length, w * 0.88f, 0.62f);
  return mesh;
}

Mesh make_truck(const CarModel& m) {
  Mesh mesh;
  mesh.use({kPlain, {0.9f, 0.9f, 0.88f}, kTruck});
  mesh.box({-1.15f, 0.8f, -3.6f}, {1.15f, 3.3f, 1.5f});
  mesh.use({kPlain, m.paint, kTruck});
  mesh.box({-1.1f, 0.45f, 1.7f}, {1.1f, 2.6f, 3.5f});
  mesh.box({-1.17f, 1.8f, -3.5f}, {1.17f, 2.2f, 1.4f});
  mesh.use({kPlain, kRubber * 1.5f, kTruck});
  mesh.box({-0.9f, 0.45f, -3.5f}, {0.9f, 0.85f, 1.8f});
  add_patch(mesh, {kPlain, kGlass, kTruck}, 0, 2.0f, 3.51f, 1.0f, 0.42f);
  mesh.use({kPlain, kGlass, kTruck});
  for (const float x : {-1.11f, 1.11f})
    mesh.quad({x, 1.6f, 2.2f}, {x, 1.6f, 3.3f}, {x, 2.35f, 3.2f}, {x, 2.35f, 2.2f}, {0, 2, 2.5f});
  add_four_wheels(mesh, 7, 2.3f, 0.48f, kTruck);
  add_lights(mesh, kTruck, 7.0f, 1.05f, 0.85f);
  add_patch(mesh, {kPlain, {0.6f, 0.6f, 0.6f}, kTruck}, 0, 2.0f, -3.61f, 0.03f, 1.15f);
  return mesh;
}

Mesh make_bus(const CarModel& m) {
  Mesh mesh;
  mesh.use({kPlain, m.paint, kBus});
  mesh.box({-1.25f, 0.4f, -5.5f}, {1.25f, 3.1f, 5.5f});
  mesh.use({kPlain, {0.92f, 0.92f, 0.9f}, kBus});
  mesh.box({-1.2f, 3.1f, -5.4f}, {1.2f, 3.25f, 5.4f});
  mesh.use({kWindowFrame, m.paint, kBus});
  for (const float x : {-1.26f, 1.26f})
    mesh.quad({x, 1.45f, -5.2f}, {x, 1.45f, 5.2f}, {x, 2.75f, 5.2f}, {x, 2.75f, -5.2f}, {0, 2, 0},
              0, 0, 5, 1);
  add_patch(mesh, {kPlain, kGlass, kBus}, 0, 1.95f, 5.51f, 1.1f, 0.75f);
  add_patch(mesh, {kPlain, kGlass, kBus}, 0, 2.2f, -5.51f, 1.0f, 0.4f);
  add_patch(mesh, {kPlain, {1.1f, 0.75f, 0.1f}, kBus}, 0, 2.88f, 5.51f, 0.8f, 0.12f);
  add_four_wheels(mesh, 11, 2.5f, 0.5f, kBus);
  add_lights(mesh, kBus, 11.0f, 1.1f, 0.8f);
  return mesh;
}

Mesh make_person(const PersonModel& m, float phase, float stride) {
  Mesh mesh;
  const float h = m.height, hip = 0.5f * h, shoulder = 0.82f * h, g = m.girth;
  const auto limb = [&](Vec3 from, float angle, float length, float thick, float thin) {
    const Vec3 to = from + Vec3{0, -std::cos(angle) * length, std::sin(angle) * length};
    mesh.rod(from, to, thick, thin, 6);
    return to;
  };
  for (const float side : {-1.0f, 1.0f}) {
    const float swing = 0.55f * stride * std::sin(phase) * side;
    const float bend = 0.7f * stride * std::max(0.0f, std::cos(phase) * side);
    mesh.use({kPlain, m.trousers, kPerson});
    const Vec3 knee = limb({side * 0.09f, hip, 0}, swing, 0.25f * h, 0.085f * g, 0.065f * g);
    const Vec3 ankle = limb(knee, swing - bend, 0.22f * h, 0.065f * g, 0.05f);
    mesh.use({kPlain, m.shoes, kPerson});
    mesh.box(ankle + Vec3{-0.045f, -0.06f, -0.07f}, ankle + Vec3{0.045f, 0.02f, 0.17f});
    mesh.use({kPlain, m.top * 0.9f, kPerson});
    const Vec3 elbow =
        limb({side * 0.2f * g, shoulder - 0.03f, 0}, -swing * 0.9f, 0.17f * h, 0.055f * g, 0.045f);
    mesh.use({kPlain, m.skin, kPerson});
    limb(elbow, -swing * 0.9f + 0.35f * stride + 0.1f, 0.16f * h, 0.042f, 0.035f);
  }
  mesh.use({kPlain, m.top, kPerson});
  mesh.rod({0, hip - 0.02f, 0}, {0, shoulder, 0}, 0.145f * g, 0.19f * g, 8);
  Random smooth(0);
  if (m.skirt) {
    mesh.use({kPlain, m.top * 0.75f, kPerson});
    mesh.rod({0, 0.28f * h, 0}, {0, hip + 0.05f, 0}, 0.26f * g, 0.15f * g, 8);
  }
  mesh.use({kPlain, m.skin, kPerson});
  mesh.rod({0, shoulder, 0}, {0, 0.88f * h, 0}, 0.06f, 0.06f, 6);
  mesh.blob({0, 0.925f * h, 0.01f}, {0.085f, 0.115f, 0.1f}, 6, 8, 0, smooth);
  mesh.use({kPlain, m.hair, kPerson});
  mesh.blob({0, 0.95f * h, -0.025f}, {0.095f, 0.1f, 0.1f}, 5, 8, 0, smooth);
  if (m.bag) {
    mesh.use({kPlain, m.trousers * 1.6f, kPerson});
    mesh.box({-0.14f, 0.58f * h, -0.3f}, {0.14f, 0.8f * h, -0.12f});
  }
  return mesh;
}

Mesh make_rider(const PersonModel& m, float phase) {
  Mesh mesh;
  const Vec3 hip{0, 0.95f, -0.25f}, shoulder{0, 1.42f, 0.08f}, bar{0, 1.02f, 0.42f};
  for (const float side : {-1.0f, 1.0f}) {
    const Vec3 pedal{side * 0.12f, 0.3f + 0.16f * std::sin(phase) * side,
                     0.16f * std::cos(phase) * side};
    const Vec3 knee{side * 0.11f, 0.68f + 0.09f * std::sin(phase) * side, 0.2f};
    mesh.use({kPlain, m.trousers, kRider});
    mesh.rod(hip + Vec3{side * 0.09f, 0, 0}, knee, 0.09f, 0.065f, 6);
    mesh.rod(knee, pedal, 0.065f, 0.05f, 6);
    mesh.use({kPlain, m.top * 0.9f, kRider});
    mesh.rod(shoulder + Vec3{side * 0.18f, -0.03f, 0}, bar + Vec3{side * 0.24f, 0, 0}, 0.055f,
             0.04f, 6);
  }
  mesh.use({kPlain, m.top, kRider});
  mesh.rod(hip, shoulder, 0.15f, 0.19f, 8);
  Random smooth(0);
  mesh.use({kPlain, m.skin, kRider});
  mesh.blob({0, 1.63f, 0.14f}, {0.085f, 0.115f, 0.1f}, 6, 8, 0, smooth);
  mesh.use({kPlain, m.shoes * 1.8f + Tint{0.2f, 0.05f, 0.05f}, kRider});
  mesh.blob({0, 1.68f, 0.12f}, {0.11f, 0.1f, 0.14f}, 5, 8, 0, smooth);
  return mesh;
}

namespace {

void add_thin_wheel(Mesh& mesh, float z, float radius, float width, Category category) {
  // A ring of short rods, so that one can look through it.
  constexpr int kPieces = 12;
  mesh.use({kPlain, kRubber, category});
  const auto at = [&](int i) {
    const float angle = 2 * std::numbers::pi_v<float> * i / kPieces;
    return Vec3{0, radius + radius * std::cos(angle), z + radius * std::sin(angle)};
  };
  for (int i = 0; i < kPieces; ++i) mesh.rod(at(i), at(i + 1), width, width, 4);
}

}  // namespace

Mesh make_bicycle(Tint paint) {
  Mesh mesh;
  for (const float z : {-0.52f, 0.52f}) add_thin_wheel(mesh, z, 0.34f, 0.025f, kBicycle);
  mesh.use({kPlain, paint, kBicycle});
  const Vec3 rear{0, 0.34f, -0.52f}, crank{0, 0.3f, -0.05f}, seat{0, 0.88f, -0.22f},
      head{0, 0.92f, 0.38f}, front{0, 0.34f, 0.52f};
  for (const auto& [a, b] : {std::pair{rear, crank},
                             {rear, seat},
                             {crank, seat},
                             {crank, head},
                             {seat, head},
                             {head, front}})
    mesh.rod(a, b, 0.025f, 0.025f, 5);
  mesh.use({kPlain, kRubber, kBicycle});
  mesh.box({-0.08f, 0.88f, -0.36f}, {0.08f, 0.95f, -0.1f});
  mesh.rod({-0.28f, 1.02f, 0.38f}, {0.28f, 1.02f, 0.38f}, 0.02f, 0.02f, 5);
  return mesh;
}

Mesh make_motorcycle(Tint paint) {
  Mesh mesh;
  Random smooth(0);
  for (const float z : {-0.65f, 0.65f}) add_thin_wheel(mesh, z, 0.3f, 0.06f, kMotorcycle);
  mesh.use({kPlain, kMetal * 0.5f, kMotorcycle});
  mesh.box({-0.16f, 0.3f, -0.3f}, {0.16f, 0.6f, 0.3f});
  mesh.rod({0, 0.3f, 0.65f}, {0, 1.0f, 0.4f}, 0.05f, 0.05f, 6);
  mesh.rod({-0.35f, 1.05f, 0.38f}, {0.35f, 1.05f, 0.38f}, 0.025f, 0.025f, 5);
  mesh.use({kPlain, paint, kMotorcycle});
  mesh.blob({0, 0.78f, 0.15f}, {0.18f, 0.18f, 0.35f}, 6, 8, 0, smooth);
  mesh.use({kPlain, kRubber, kMotorcycle});
  mesh.box({-0.15f, 0.72f, -0.75f}, {0.15f, 0.84f, -0.05f});
  return mesh;
}

Mesh make_tree(Random random) {
  Mesh mesh;
  const auto draw = [&](double low, double high) {
    return static_cast<float>(random.uniform(low, high));
  };
  const float trunk = draw(2.2, 3.2), crown = draw(1.5, 2.3);
  mesh.use({kBark, {0.75f, 0.68f, 0.6f}, kVegetation});
  mesh.rod({0, 0, 0}, {draw(-0.2, 0.2), trunk + 0.6f, draw(-0.2, 0.2)}, 0.17f, 0.12f, 7);
  const Tint green{draw(0.5, 0.85), draw(0.62, 0.8), draw(0.35, 0.6)};
  for (int i = 0; i < 6; ++i) {
    const float size = crown * draw(0.5, 0.75), out = i == 0 ? 0 : crown * 0.6f;
    const float angle = 1.256f * i + draw(-0.4, 0.4);
    mesh.use({kLeaves, green * draw(0.85, 1.15), kVegetation});
    mesh.blob({out * std::cos(angle), trunk + crown * (i == 0 ? 1.1f : draw(0.3, 0.9)),
               out * std::sin(angle)},
              {size, size * 0.85f, size}, 7, 11, 0.16f, random);
  }
  return mesh;
}

Mesh make_hedge(float length, Random random) {
  Mesh mesh;
  const Tint green{0.55f, 0.7f, 0.45f};
  for (float z = 0.5f; z < length; z += 0.9f) {
    mesh.use({kLeaves, green * static_cast<float>(random.uniform(0.8, 1.1)), kVegetation});
    mesh.blob({0, 0.55f, z}, {0.5f, 0.75f, 0.7f}, 5, 8, 0.12f, random);
  }
  return mesh;
}

Mesh make_lamp_post() {
  Mesh mesh;
  mesh.use({kPlain, {0.42f, 0.45f, 0.44f}, kPole});
  mesh.rod({0, 0, 0}, {0, 6.6f, 0}, 0.1f, 0.06f, 8);
  mesh.rod({0, 6.5f, 0}, {-1.5f, 7, 0}, 0.05f, 0.05f, 6);
  mesh.box({-2.1f, 6.92f, -0.14f}, {-1.4f, 7.08f, 0.14f});
  return mesh;
}

Mesh make_traffic_light() {
  Mesh mesh;
  mesh.use({kPlain, {0.35f, 0.36f, 0.36f}, kPole});
  mesh.rod({0, 0, 0}, {0, 3.5f, 0}, 0.08f, 0.07f, 8);
  mesh.use({kPlain, {0.07f, 0.08f, 0.07f}, kTrafficLight});
  mesh.box({-0.2f, 2.5f, -0.12f}, {0.2f, 3.6f, 0.2f});
  mesh.use({kTrafficLightFace, {1.5f, 1.5f, 1.5f}, kTrafficLight});
  mesh.quad({-0.17f, 2.53f, -0.13f}, {0.17f, 2.53f, -0.13f}, {0.17f, 3.57f, -0.13f},
            {-0.17f, 3.57f, -0.13f}, {0, 3, 0});
  return mesh;
}

Mesh make_sign(int texture) {
  Mesh mesh;
  mesh.use({kPlain, kMetal, kPole});
  mesh.rod({0, 0, 0}, {0, 2.75f, 0}, 0.04f, 0.04f, 6);
  const Vec3 center{0, 2.5f, -0.06f}, facing{0, 0, -1};
  mesh.use({texture, {1.25f, 1.25f, 1.25f}, kTrafficSign});
  if (texture == kSignStop) {
    mesh.disc(center, facing, 0.42f, 8);
  } else if (texture == kSignLimit) {
    mesh.disc(center, facing, 0.38f, 16);
  } else if (texture == kSignParking) {
    mesh.quad({-0.36f, 2.14f, -0.06f}, {0.36f, 2.14f, -0.06f}, {0.36f, 2.86f, -0.06f},
              {-0.36f, 2.86f, -0.06f}, {0, 2.5f, 0});
  } else {
    // A triangle: its upper corners meet.
    mesh.quad({-0.45f, 2.15f, -0.06f}, {0.45f, 2.15f, -0.06f}, {0.01f, 2.95f, -0.06f},
              {-0.01f, 2.95f, -0.06f}, {0, 2.5f, 0});
  }
  return mesh;
}

Mesh make_bin() {
  Mesh mesh;
  mesh.use({kPlain, {0.2f, 0.3f, 0.24f}, kVoid});
  mesh.rod({0, 0, 0}, {0, 1.0f, 0}, 0.28f, 0.34f, 10);
  return mesh;
}

Mesh make_shadow(float width, float length, Category ground) {
  Mesh mesh;
  const int texture = ground == kRoad ? kAsphalt : kPaving;
  // Two rings: the core is darker.
  for (const auto& [size, darkness, height] :
       {std::tuple{1.12f, 0.72f, 0.015f}, {1.0f, 0.5f, 0.025f}, {0.85f, 0.38f, 0.035f}}) {
    mesh.use({texture, Tint{1, 1, 1} * darkness, static_cast<std::uint8_t>(ground)});
    mesh.disc({0, height, 0}, {0, 1, 0}, size, 16);
    auto first = mesh.vertices.end() - 18;
    for (auto vertex = first; vertex != mesh.vertices.end(); ++vertex) {
      vertex->position.x *= width / 2;
      vertex->position.z *= length / 2;
    }
  }
  return mesh;
}

Mesh make_building(const BuildingModel& m) {
  Mesh mesh;
  constexpr float kStorey = 3.1f, kGround = 3.6f, kBay = 3.0f;
  const float top = kGround + kStorey * m.storeys, w = m.width, d = m.depth;
  const Vec3 inside{d / 2, top / 2, w / 2};
  const float bays = std::max(1.0f, std::round(w / kBay)) / 4, rows = m.storeys / 4.0f;
  const float depth_bays = std::max(1.0f, std::round(d / kBay)) / 4;
  mesh.use({kFirstShop + m.shop, m.tint, kBuilding});
  mesh.quad({0, 0, 0}, {0, 0, w}, {0, kGround, w}, {0, kGround, 0}, inside, 0, 0,
            std::max(1.0f, std::round(w / 6)), 1);
  mesh.use({kFirstFacade + m.facade, m.tint, kBuilding});
  mesh.quad({0, kGround, 0}, {0, kGround, w}, {0, top, w}, {0, top, 0}, inside, 0, 0, bays, rows);
  for (const float z : {0.0f, w})
    mesh.quad({0, 0, z}, {d, 0, z}, {d, top, z}, {0, top, z}, inside, 0, 0, depth_bays,
              rows + 0.25f);
  mesh.use({kPlain, m.tint * 0.8f, kBuilding});
  mesh.box({-0.25f, top - 0.3f, 0}, {0, top, w});
  mesh.use({kRoof, m.roof, kBuilding});
  if (m.pitched) {
    const float ridge = top + 0.3f * d;
    mesh.quad({-0.3f, top, 0}, {-0.3f, top, w}, {d / 2, ridge, w}, {d / 2, ridge, 0}, inside, 0, 0,
              w / 4, d / 8);
    mesh.quad({d, top, 0}, {d, top, w}, {d / 2, ridge, w}, {d / 2, ridge, 0}, inside, 0, 0, w / 4,
              d / 8);
    mesh.use({kPlain, m.tint * 0.9f, kBuilding});
    for (const float z : {0.0f, w})
      mesh.quad({0, top, z}, {d, top, z}, {d / 2 + 0.01f, ridge, z}, {d / 2 - 0.01f, ridge, z},
                inside);
  } else {
    mesh.quad({0, top, 0}, {0, top, w}, {d, top, w}, {d, top, 0}, inside);
  }
  return mesh;
}

}  // namespace tessera::synth
