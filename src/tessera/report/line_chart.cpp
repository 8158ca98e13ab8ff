#include "tessera/report/line_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tessera/report/html.h"

namespace tessera {
namespace {

constexpr double kWidth = 560, kHeight = 260, kLeft = 56, kRight = 12, kTop = 34, kBottom = 34;
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

class Chart {
 public:
  Chart(const std::vector<ChartLine>& lines, bool logarithmic) : logarithmic_(logarithmic) {
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
    return kHeight - kBottom - y_.share(scaled(y)) * (kHeight - kTop - kBottom);
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
    const auto flush = [&] {
      if (!points.empty())
        svg += fmt::format(R"(<polyline points="{}" fill="none" stroke="{}" stroke-width="1.6"/>)",
                           points, color);
      points.clear();
    };
    for (std::size_t i = 0; i < line.x.size(); ++i) {
      if (!shown(line.y[i])) {
        flush();
        continue;
      }
      points += fmt::format("{:.1f},{:.1f} ", left(line.x[i]), top(line.y[i]));
    }
    flush();
    return svg;
  }

 private:
  double scaled(double y) const { return logarithmic_ ? std::log10(y) : y; }

  bool logarithmic_;
  Range x_, y_;
};

}  // namespace

std::string line_chart(std::string_view title, std::string_view x_name,
                       const std::vector<ChartLine>& lines, bool logarithmic) {
  const Chart chart(lines, logarithmic);
  std::string svg = fmt::format(
      R"(<svg viewBox="0 0 {0} {1}" width="{0}" height="{1}" font-family="sans-serif" )"
      R"(font-size="11" fill="#374151"><text x="{2}" y="14" font-size="13" font-weight="600">{3}</text>)",
      kWidth, kHeight, kLeft, html::escape(title));
  if (!chart.empty()) svg += chart.axes(x_name);
  double legend = kLeft;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const char* color = kColors[i % kColors.size()];
    svg += chart.polyline(lines[i], color);
    if (lines.size() == 1) continue;
    svg += fmt::format(R"(<text x="{}" y="28" fill="{}">{}</text>)", legend, color,
                       html::escape(lines[i].name));
    legend += 14 + 6.2 * static_cast<double>(lines[i].name.size());
  }
  return svg + "</svg>";
}

}  // namespace tessera
