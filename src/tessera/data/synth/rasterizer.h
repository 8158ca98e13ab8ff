#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tessera/data/synth/four.h"
#include "tessera/data/synth/mesh.h"
#include "tessera/data/synth/texture.h"
#include "tessera/image/image.h"

namespace tessera::synth {

/// Where a mesh stands: turned by `yaw` about the vertical (0 looks along +z, positive to the
/// right), then moved.
struct Pose {
  Vec3 position;
  float yaw = 0;
};

/// A pinhole camera. `pitch` is positive upwards.
struct Camera {
  Camera(Vec3 position, float yaw, float pitch, float focal, float center_x, float center_y);

  Vec3 position;
  float focal;  ///< in pixels
  float center_x, center_y;

  /// World to camera: x right, y down, z forward.
  Vec3 to_view(Vec3 world) const;
  /// The direction, in the world, of the ray through a place of the picture.
  Vec3 ray(float x, float y) const;

 private:
  float cos_yaw_, sin_yaw_, cos_pitch_, sin_pitch_;
};

/// Light of a scene.
struct Light {
  Vec3 sun = {0.4f, 0.8f, -0.3f};  ///< towards the sun
  float sun_strength = 0.75f;
  float sky_strength = 0.45f;  ///< from above; half of it from the sides
  Tint color;
  Tint haze = {0.75f, 0.8f, 0.88f};
  float haze_distance = 220;  ///< half of the colour is haze at this distance
  Tint sky_low = {0.8f, 0.86f, 0.94f}, sky_high = {0.35f, 0.55f, 0.85f};
  float cloudiness = 0.5f;
};

/// What is in front of the camera now, and where each point of it is one frame later.
class Scene {
 public:
  explicit Scene(const Light& light) : light_(light) {}

  /// `object` is written to every pixel of the mesh; 0 for what has no identity.
  void add(const Mesh& now, const Pose& pose, std::uint32_t object) {
    add(now, pose, now, pose, object);
  }
  /// A mesh that moves and, with equal topology, changes its form.
  void add(const Mesh& now, const Pose& pose, const Mesh& next, const Pose& next_pose,
           std::uint32_t object);

 private:
  friend class Rasterizer;
  struct Vertex {
    Vec3 position, next;
    float u, v, light;
  };
  struct Part {
    Surface surface;
    std::uint32_t object;
  };

  Light light_;
  std::vector<Vertex> vertices_;
  std::vector<MeshTriangle> triangles_;  ///< surface: index into parts_
  std::vector<Part> parts_;
};

/// A rendered picture with everything that is known about its pixels.
struct Rendering {
  Pixels<float> color;  ///< linear RGB, 1 = white, and nothing: four channels
  LabelMap categories;  ///< trainIds
  IdMap objects;        ///< Scene::add's object
  Pixels<float> flow;   ///< (dx, dy) to the next frame, whether the point is hidden there or not
};

/// Draws with a depth buffer of 2 x 2 samples a pixel, band by band from top to bottom, so that the
/// buffer stays in the processor's cache; every sample's nearest triangle is found first, without
/// those that lie behind all that is drawn at their place already, then pixels are shaded, four at
/// a time where one triangle covers them.
class Rasterizer {
 public:
  explicit Rasterizer(Size size);

  /// What is returned may be taken from; the next draw() fills it anew.
  Rendering& draw(const Scene& scene, const std::vector<Texture>& textures, const Texture& clouds,
                  const Camera& camera, const Camera& next_camera);

 private:
  /// What is known about every point of a triangle.
  enum Value {
    kInverseDepth,
    kU,
    kV,
    kLight,
    kNextX,
    kNextY,
    kNextZ,
    kValues = 8
  };  // one to spare
  using Values = std::array<float, kValues>;

  /// Values divided by depth are linear over the picture: value/z = x * dx + y * dy + base.
  struct Plane {
    float dx, dy, base;
  };
  /// All values of a kind side by side, so that several are computed at a time.
  struct Planes {
    Values dx, dy, base;
    Four at(Value value, const Four& x, const Four& y) const {
      return x * four(dx[value]) + y * four(dy[value]) + four(base[value]);
    }
  };
  struct Corner {
    Vec3 view, next;
    float u, v, light;
    float x, y, inverse_depth;
  };
  struct Span {
    int first, last;
  };
  struct Facet {
    std::array<std::uint32_t, 3> corners;
    std::array<float, 3> x, y;  ///< of its corners
    float area;                 ///< twice, signed
    std::uint32_t part;
    Span rows, columns;  ///< the samples of the picture among which its own are
    Plane inverse_depth;
    float nearest;   ///< the greatest inverse depth of a corner
    float rounding;  ///< how much greater a sample's can come out
  };
  /// A part of a band. No sample of it is farther than `farthest`, an inverse depth, which is
  /// brought up to date when enough was drawn since.
  struct Tile {
    float farthest = 0;
    int drawn = 0;
  };
  static void project(const Camera& camera, Corner& corner);
  void add_triangles(const Scene& scene, const Camera& camera, const Camera& next_camera);
  /// Only the part of a triangle in front of the near plane.
  void add_cut_triangle(const Camera& camera, const std::array<std::uint32_t, 3>& corners,
                        std::uint32_t part);
  /// From `low` to `high`, both in pixels, those that a picture of `end` samples has.
  static Span samples_between(float low, float high, int end);
  void add_triangle(const std::array<std::uint32_t, 3>& corners, std::uint32_t part);
  /// How much greater than at its corners the inverse depth of a sample of a triangle can come out
  /// because floats are rounded.
  float rounding_of_depth(const Corner& a, const Corner& b, const Corner& c, const Plane& plane,
                          float area) const;
  /// Of a facet that is seen; most are not.
  const Planes& planes_of(std::uint32_t facet);
  /// From near to far, so that what lies behind is left out early.
  void put_into_bands();
  /// Whether all samples of a tile are nearer than the facet is there.
  bool hides(int column, int row, int band_row, const Facet& facet);
  void update(int column, int row);
  void fill_band(int band);
  /// Writes the samples of a band that the facet is nearest at.
  void fill(std::uint32_t number, int band);
  void fill_rows(std::uint32_t number, Span rows, Span columns, int band_row);
  void fill_row(std::uint32_t number, int row, int band_row, int begin, int end);
  /// What is drawn, beside the facets.
  struct View {
    const Scene& scene;
    const std::vector<Texture>& textures;
    const Texture& clouds;
    const Camera& camera;
    const Camera& next_camera;
  };
  struct Label {
    std::uint8_t category;
    std::uint32_t object;
    friend bool operator==(const Label&, const Label&) = default;
  };
  struct Flow {
    Four dx, dy;
  };
  // Of a facet, by its number, or of the sky, at four places of the picture.
  FourColors color_at(std::uint32_t owner, const View& view, const Four& x, const Four& y);
  FourColors shade(std::uint32_t facet, const View& view, const Four& x, const Four& y);
  Flow flow_at(std::uint32_t owner, const View& view, const Four& x, const Four& y);
  Label label_of(std::uint32_t owner, const View& view) const;

  void resolve_row(int y, const View& view);
  /// `count` up to four pixels from (x, y) on that show nothing but `owner`.
  void resolve_run(std::uint32_t owner, int x, int y, int count, const View& view);
  /// A pixel whose samples have different owners.
  void resolve_edge(const std::array<std::uint32_t, 4>& owner, int x, int y, const View& view);

  Size size_;
  int width_, height_;                ///< of the sample grid
  std::vector<float> depth_;          ///< of one band
  std::vector<std::uint32_t> owner_;  ///< of one band: the number of the nearest facet
  int tile_columns_;
  std::vector<Tile> tiles_;  ///< of one band
  std::vector<Corner> corners_;
  std::vector<Facet> facets_;
  std::vector<std::uint32_t> planes_numbers_;  ///< of each facet, its place in planes_
  std::vector<Planes> planes_;                 ///< of those seen so far
  std::vector<std::uint32_t> near_to_far_;
  std::vector<std::vector<std::uint32_t>> bands_;  ///< the facets that reach into each
  Rendering out_;
};

}  // namespace tessera::synth
