// What stands along the street: it is made in pieces of fixed length, each from its number alone,
// so that a street has no end.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "tessera/data/synth/street.h"

namespace tessera::synth {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;
constexpr float kPieceLength = 24;
constexpr float kKerbHeight = 0.15f;
constexpr int kCellsPerPiece = 4;
constexpr std::uint32_t kParkedObjects = 0x2000'0000u;
constexpr int kCrossingEvery = 3;
/// Between pavement and houses in a plain street, wide enough to see.
constexpr float kPlainLawn = 3;

float draw(Random& random, double low, double high) {
  return static_cast<float>(random.uniform(low, high));
}

}  // namespace

void Street::put_street(Scene& scene, float from, float to) const {
  const int first = static_cast<int>(std::floor(from / kPieceLength));
  const int last = static_cast<int>(std::floor(to / kPieceLength));
  for (int piece = first; piece <= last; ++piece) {
    put_ground(scene, piece);
    for (const float side : {-1.0f, 1.0f}) {
      const Random random = random_.fork(side < 0 ? "left" : "right")
                                .fork(static_cast<std::uint64_t>(piece + (1 << 20)));
      put_side(scene, piece, side, random.fork("side"));
      put_kerbside(scene, piece, side, random.fork("kerbside"));
      if (!plain_) put_parked(scene, piece, side, random.fork("parked"));
    }
  }
}

void Street::put_ground(Scene& scene, int piece) const {
  Mesh mesh;
  constexpr float kCell = kPieceLength / kCellsPerPiece;
  const auto strip = [&](float along, float length, float from, float to, float up, float scale) {
    const Vec3 below = point(along, (from + to) / 2, up - 5);
    mesh.quad(point(along, from, up), point(along, to, up), point(along + length, to, up),
              point(along + length, from, up), below, from * scale, along * scale, to * scale,
              (along + length) * scale);
  };
  const float start = piece * kPieceLength;
  for (int cell = 0; cell < kCellsPerPiece; ++cell) {
    const float along = start + cell * kCell;
    mesh.use({kAsphalt, {0.95f, 0.95f, 0.96f}, kRoad});
    strip(along, kCell, left_kerb_, right_kerb_, 0, 0.25f);
    mesh.use({kPlain, {0.62f, 0.62f, 0.6f}, kSidewalk});
    for (const float side : {-1.0f, 1.0f}) {
      const float kerb = side < 0 ? left_kerb_ : right_kerb_;
      mesh.quad(point(along, kerb, 0), point(along + kCell, kerb, 0),
                point(along + kCell, kerb, kKerbHeight), point(along, kerb, kKerbHeight),
                point(along, kerb + side * 5, 0));
      strip(along, kCell, std::min(kerb, kerb + side * 0.18f), std::max(kerb, kerb + side * 0.18f),
            kKerbHeight + 0.003f, 1);
    }
    mesh.use({kPaving, {}, kSidewalk});
    strip(along, kCell, left_kerb_ - pavement_, left_kerb_, kKerbHeight, 0.4f);
    strip(along, kCell, right_kerb_, right_kerb_ + pavement_, kKerbHeight, 0.4f);
    mesh.use({kGrass, {}, kTerrain});
    strip(along, kCell, left_kerb_ - pavement_ - 60, left_kerb_ - pavement_, kKerbHeight, 0.2f);
    strip(along, kCell, right_kerb_ + pavement_, right_kerb_ + pavement_ + 60, kKerbHeight, 0.2f);
    mesh.use({kPlain, {0.88f, 0.88f, 0.85f}, kRoad});
    if (two_lanes_) strip(along, 2.5f, 3.35f, 3.5f, 0.012f, 1);
    strip(along, cell % 2 == 0 ? 3.0f : 0.01f, -0.07f, 0.07f, 0.012f, 1);
    for (const float edge : {left_kerb_ + 2.25f, right_kerb_ - 2.25f})
      strip(along, kCell, edge - 0.05f, edge + 0.05f, 0.012f, 1);
  }
  if (piece % kCrossingEvery == 0) {
    mesh.use({kPlain, {0.9f, 0.9f, 0.88f}, kRoad});
    for (float across = left_kerb_ + 0.4f; across < right_kerb_ - 0.4f; across += 1)
      strip(start + 1, 3, across, across + 0.5f, 0.016f, 1);
  }
  scene.add(mesh, {}, 0);
}

void Street::put_side(Scene& scene, int piece, float side, Random random) const {
  const float lawn = plain_ ? kPlainLawn : 0;
  const float edge = (side < 0 ? left_kerb_ : right_kerb_) + side * (pavement_ + lawn);
  const float start = piece * kPieceLength;
  // The models look along +z and, for buildings, front to -x: turned about on the left side.
  const auto along_side = [&](float along, float out) {
    return Place{along, edge + side * out, side < 0 ? kPi : 0.0f, kKerbHeight};
  };
  const auto barrier = [&](float out, float height, const Surface& surface) {
    Mesh mesh;
    mesh.use(surface);
    for (int i = 0; i < kCellsPerPiece; ++i) {
      const float a = start + i * kPieceLength / kCellsPerPiece;
      const float b = a + kPieceLength / kCellsPerPiece;
      const auto at = [&](float along, float depth, float up) {
        return point(along, edge + side * (out + depth), kKerbHeight + up);
      };
      const Vec3 inside = at((a + b) / 2, 0.1f, height / 2);
      mesh.quad(at(a, 0, 0), at(b, 0, 0), at(b, 0, height), at(a, 0, height), inside, 0, 0, 4, 1);
      mesh.quad(at(a, 0, height), at(b, 0, height), at(b, 0.2f, height), at(a, 0.2f, height),
                inside);
      mesh.quad(at(a, 0, 0), at(a, 0.2f, 0), at(a, 0.2f, height), at(a, 0, height), inside);
    }
    scene.add(mesh, {}, 0);
  };
  const auto border = [&](float out) {
    const int kind = plain_ ? 3 : static_cast<int>(random.uniform_int(0, 3));
    const Tint wood{draw(random, 0.45, 0.75), draw(random, 0.35, 0.5), 0.3f};
    if (kind == 0) barrier(out, 1.1f, {kPlanks, wood, kFence});
    if (kind == 1) barrier(out, 1.3f, {kPlanks, {0.85f, 0.86f, 0.84f}, kFence});
    if (kind == 2) barrier(out, draw(random, 1.2, 2.2), {kStones, {0.72f, 0.66f, 0.6f}, kWall});
    if (kind == 3) {
      const float begin = side < 0 ? start + kPieceLength : start;
      put(scene, make_hedge(kPieceLength, random.fork("hedge")), along_side(begin, out + 0.5f), 0);
    }
  };
  if (random.coin(0.24)) {  // a park
    border(0.2f);
    for (int i = 0; i < 4; ++i) {
      const float along = start + (i + draw(random, 0.2, 0.8)) * kPieceLength / 4;
      put(scene, make_tree(random.fork(static_cast<std::uint64_t>(i))),
          along_side(along, draw(random, 3, 9)), 0);
    }
    for (int i = 0; i < 4; ++i) {
      const float begin = start + (side < 0 ? i + 1.0f : i) * kPieceLength / 4;
      put(scene, make_hedge(kPieceLength / 4, random.fork(10 + static_cast<std::uint64_t>(i))),
          along_side(begin, 14), 0);
    }
    return;
  }
  const bool garden = random.coin(0.35);
  const float out = garden ? draw(random, 2.5, 4) : 0.05f;
  if (garden) border(0.1f);
  const int houses = random.coin(0.6) ? 2 : 1;
  for (int i = 0; i < houses; ++i) {
    BuildingModel model;
    model.width = kPieceLength / houses - (garden ? draw(random, 1, 3) : 0.1f);
    model.depth = draw(random, 9, 13);
    model.storeys = static_cast<int>(random.uniform_int(1, garden ? 2 : 4));
    model.facade = static_cast<int>(random.uniform_int(0, kFacades - 1));
    model.shop = static_cast<int>(random.uniform_int(0, kShops - 1));
    model.tint = look_->facade_tints[random.uniform_int(0, look_->facade_tints.size() - 1)];
    model.roof = random.coin() ? Tint{0.55f, 0.28f, 0.22f} : Tint{0.33f, 0.34f, 0.38f};
    model.pitched = random.coin(0.6);
    const float first = start + i * kPieceLength / houses;
    put(scene, make_building(model), along_side(side < 0 ? first + model.width : first, out), 0);
  }
}

void Street::put_kerbside(Scene& scene, int piece, float side, Random random) const {
  const float kerb = side < 0 ? left_kerb_ : right_kerb_;
  const float start = piece * kPieceLength;
  const auto place = [&](float along, float in, float turn = 0) {
    return Place{along, kerb + side * in, turn, kKerbHeight};
  };
  const auto tree = [&] {
    if (random.coin(0.5))
      put(scene, make_tree(random.fork("tree")), place(start + draw(random, 15, 22), 1.0f), 0);
  };
  if (plain_) return tree();
  if ((piece % 2 == 0) == (side < 0))
    put(scene, make_lamp_post(), place(start + 12, 0.5f, side < 0 ? kPi : 0), 0);
  if (piece % kCrossingEvery == 0)
    put(scene, make_traffic_light(), place(start + 0.4f, 0.4f, side < 0 ? kPi : 0), 0);
  if (random.coin(0.6)) {
    const int kinds[] = {kSignStop, kSignWarning, kSignParking, kSignLimit};
    put(scene, make_sign(kinds[random.uniform_int(0, 3)]),
        place(start + draw(random, 4, 9), 0.45f, side < 0 && random.coin() ? kPi : 0), 0);
  }
  tree();
  if (random.coin(0.35)) put(scene, make_bin(), place(start + 13, 0.6f), 0);
}

void Street::put_parked(Scene& scene, int piece, float side, Random random) const {
  const float kerb = side < 0 ? left_kerb_ : right_kerb_;
  const float start = piece * kPieceLength;
  const float lane = kerb - side * 1.12f;
  // Six identities for each piece of each side.
  std::uint32_t object =
      kParkedObjects + 16 * static_cast<std::uint32_t>(piece + 16) + (side < 0 ? 0 : 8);
  const float turn = side < 0 ? kPi : 0;
  for (int slot = piece % kCrossingEvery == 0 ? 1 : 0; slot < 4; ++slot, ++object) {
    if (!random.coin(0.45)) continue;
    const CarModel& model =
        look_->cars[(random_.fork("parked models").uniform_int(0, 8) + random.uniform_int(0, 3)) %
                    look_->cars.size()];
    const Place place{start + 6.0f * slot + 3 + draw(random, -0.4, 0.4), lane, turn, 0};
    put(scene, make_shadow(2.2f, 4.9f, kRoad), place, 0);
    put(scene, make_car(model), place, object);
  }
  const auto beside = [&] {
    return Place{start + draw(random, 2, 22), kerb + side * 0.9f, draw(random, 0.2, 1.3),
                 kKerbHeight};
  };
  const Tint paint = look_->cars[random.uniform_int(0, 8)].paint;
  if (random.coin(0.3)) put(scene, make_bicycle(paint), beside(), object);
  if (random.coin(0.2)) put(scene, make_motorcycle(paint), beside(), object + 1);
}

void Street::put_horizon(Scene& scene, float along) const {
  // Woods close the view where the street is no longer drawn.
  Mesh mesh;
  Random random = random_.fork("horizon");
  for (int i = -16; i <= 16; ++i) {
    mesh.use({kLeaves, Tint{0.6f, 0.75f, 0.5f} * draw(random, 0.85, 1.1), kVegetation});
    mesh.blob({i * 9.0f, -1, draw(random, 0, 6)}, {8, draw(random, 6, 11), 4}, 6, 9, 0.1f, random);
  }
  Pose where{point(along, 0, 0), heading(along)};
  where.position.y = point(along, 0, 0).y;
  scene.add(mesh, where, 0);
}

}  // namespace tessera::synth
