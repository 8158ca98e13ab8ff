#include "tessera/report/line_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tessera/report/html.h"

namespace tessera {
namespace {

constexpr double kWidth = 560, kHeight = 260, kLeft = 56, kRight = 12, kTop = 20, kBottom = 34;
constexpr double kRow = 14;  // of the legend
constexpr std::array kColors = {"#2563eb", "#dc2626", "#16a34a", "#9333ea",
                                "#ea580c", "#0891b2", "#be185d", "#4d7c0f"};

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  double share(double value) const { return high > low ? (value - low) / (high - low) : 0.5; }
};

/// Where lines cross an axis: round steps of 1, 2 or 5.
std::vector<double> ticks(const Range& range) {
  // Values that do not differ still need a step that changes them.
  const double size = std::max(std::abs(range.low), std::abs(range.high));
  const double span = std::max({range.high - range.low, size * 1e-6, 1e-12});
  const double power = std::pow(10, std::floor(std::log10(span / 4)));
  double step = power;
  for (const double factor : {2.0, 5.0, 10.0})
    if (span / step > 5) step = power * factor;
  std::vector<double> result;
  for (double at = std::ceil(range.low / step) * step; at <= range.high + step * 1e-9; at += step)
    result.push_back(std::abs(at) < step * 1e-9 ? 0 : at);
  return result;
}

/// Names of the lines in their colours, in as many rows as they need.
struct Legend {
  explicit Legend(const std::vector<ChartLine>& lines) {
    if (lines.size() == 1) return;
    double left = kLeft;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const double width = 14 + 6.2 * static_cast<double>(lines[i].name.size());
      if (left > kLeft && left + width > kWidth) {
        ++rows;
        left = kLeft;
      }
      svg += fmt::format(R"(<text x="{}" y="{}" fill="{}">{}</text>)", left, 14 + kRow * rows,
                         kColors[i % kColors.size()], html::escape(lines[i].name));
      left += width;
    }
  }
  int rows = 1;
  std::string svg;
};

class Chart {
 public:
  Chart(const std::vector<ChartLine>& lines, bool logarithmic, double top)
      : logarithmic_(logarithmic), top_(top) {
    for (const ChartLine& line : lines)
      for (std::size_t i = 0; i < line.x.size(); ++i)
        if (shown(line.y[i])) {
          x_.include(line.x[i]);
          y_.include(scaled(line.y[i]));
        }
  }

  bool empty() const { return x_.low > x_.high; }
  bool shown(double y) const { return std::isfinite(y) && (!logarithmic_ || y > 0); }
  double left(double x) const { return kLeft + x_.share(x) * (kWidth - kLeft - kRight); }
  double top(double y) const {
    return kHeight - kBottom - y_.share(scaled(y)) * (kHeight - top_ - kBottom);
  }

  std::string axes(std::string_view x_name) const {
    std::string svg;
    for (const double tick : ticks(y_)) {
      const double value = logarithmic_ ? std::pow(10, tick) : tick;
      svg += fmt::format(R"(<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" stroke="#e5e7eb"/>)"
                         R"(<text x="{}" y="{:.1f}" text-anchor="end">{:.4g}</text>)",
                         kLeft, kWidth - kRight, top(value), top(value), kLeft - 6, top(value) + 4,
                         value);
    }
    for (const double tick : ticks(x_))
      svg += fmt::format(R"(<text x="{:.1f}" y="{}" text-anchor="middle">{:.6g}</text>)",
                         left(tick), kHeight - kBottom + 16, tick);
    return svg + fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{}</text>)", kWidth - kRight,
                             kHeight - 4, html::escape(x_name));
  }

  std::string polyline(const ChartLine& line, const char* color) const {
    std::string svg, points;
    std::size_t count = 0;
    const auto flush = [&] {
      if (count == 1)
        svg += fmt::format(R"(<path d="M{}h0" stroke="{}" stroke-width="5" )"
                           R"(stroke-linecap="round"/>)",
                           points, color);
      if (count > 1)
        svg += fmt::format(R"(<polyline points="{}" fill="none" stroke="{}" stroke-width="1.6"/>)",
                           points, color);
      points.clear();
      count = 0;
    };
    for (std::size_t i = 0; i < line.x.size(); ++i) {
      if (!shown(line.y[i])) {
        flush();
        continue;
      }
      points += fmt::format("{:.1f},{:.1f} ", left(line.x[i]), top(line.y[i]));
      ++count;
    }
    flush();
    return svg;
  }

 private:
  double scaled(double y) const { return logarithmic_ ? std::log10(y) : y; }

  bool logarithmic_;
  double top_;
  Range x_, y_;
};

}  // namespace

std::string line_chart(std::string_view title, std::string_view x_name,
                       const std::vector<ChartLine>& lines, bool logarithmic) {
  const Legend legend(lines);
  const Chart chart(lines, logarithmic, kTop + kRow * legend.rows);
  std::string svg = fmt::format(
      R"(<svg viewBox="0 0 {0} {1}" width="{0}" height="{1}" font-family="sans-serif" )"
      R"(font-size="11" fill="#374151"><text x="{2}" y="14" font-size="13" font-weight="600">{3}</text>)",
      kWidth, kHeight, kLeft, html::escape(title));
  if (!chart.empty()) svg += chart.axes(x_name);
  for (std::size_t i = 0; i < lines.size(); ++i)
    svg += chart.polyline(lines[i], kColors[i % kColors.size()]);
  return svg + legend.svg + "</svg>";
}

}  // namespace tessera
