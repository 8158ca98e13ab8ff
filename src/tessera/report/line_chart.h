#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tessera {

/// A line of a chart; points in ascending x.
struct ChartLine {
  std::string name;
  std::vector<double> x, y;
};

/// Lines over a common x axis as an SVG picture, for HTML pages. Points that are not finite leave
/// gaps; `logarithmic` y axes leave out what is not positive.
std::string line_chart(std::string_view title, std::string_view x_name,
                       const std::vector<ChartLine>& lines, bool logarithmic = false);

}  // namespace tessera
