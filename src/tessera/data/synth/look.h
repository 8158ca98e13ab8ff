#pragma once

#include <vector>

#include "tessera/core/random.h"
#include "tessera/data/synth/texture.h"

namespace tessera::synth {

/// Cityscapes trainIds.
enum Category : std::uint8_t {
  kRoad,
  kSidewalk,
  kBuilding,
  kWall,
  kFence,
  kPole,
  kTrafficLight,
  kTrafficSign,
  kVegetation,
  kTerrain,
  kSky,
  kPerson,
  kRider,
  kCar,
  kTruck,
  kBus,
  kTrain,
  kMotorcycle,
  kBicycle,
  kVoid = 255
};

/// Positions in Look::textures.
enum TextureIndex {
  kPlain,
  kAsphalt,
  kPaving,
  kGrass,
  kLeaves,
  kBark,
  kRoof,
  kPlanks,
  kStones,
  kWindowFrame,
  kCarSide,
  kTrafficLightFace,
  kSignStop,
  kSignWarning,
  kSignParking,
  kSignLimit,
  kShadow,
  kFirstFacade
};
constexpr int kFacades = 8;
constexpr int kFirstShop = kFirstFacade + kFacades;
constexpr int kShops = 4;

/// One model of vehicle: several in a street may be of the same, so that only their places tell
/// them apart.
struct CarModel {
  float length, width, height;
  float hood;   ///< share of the length before the windscreen
  float trunk;  ///< share behind the rear window
  Tint paint;
};

struct PersonModel {
  float height, girth;
  Tint skin, hair, top, trousers, shoes;
  bool skirt, bag;
};

/// Everything that the objects of one split share: its textures and its models. Two splits have
/// none in common.
struct Look {
  explicit Look(Random random);

  std::vector<Texture> textures;
  Texture clouds;
  std::vector<CarModel> cars;
  std::vector<PersonModel> people;
  std::vector<Tint> facade_tints;
};

}  // namespace tessera::synth
