#include "tessera/report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::html {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Html, TextIsEscapedEverywhere) {
  EXPECT_EQ(escape("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
  const std::string html = table({"<t>", {"<h>", "b"}, {{"<c>", "1.5"}}});
  EXPECT_THAT(html, HasSubstr("&lt;t&gt;"));
  EXPECT_THAT(html, HasSubstr("&lt;h&gt;"));
  EXPECT_THAT(html, HasSubstr("&lt;c&gt;"));
  EXPECT_THAT(page("<x>", ""), HasSubstr("<title>&lt;x&gt;</title>"));
}

TEST(Html, Base64IsTheStandardOne) {
  const auto encode = [](std::string_view text) {
    return base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  };
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
}

TEST(Html, BarsBelongToSharesAndNotToCounts) {
  const std::string html = table({"", {"class", "IoU", "frames"}, {{"car", "50.00", "40"}}});
  EXPECT_THAT(html, HasSubstr("var(--bar) 50.0%"));
  EXPECT_THAT(html, HasSubstr("<td>40</td>"));
  EXPECT_THAT(table({"", {"class", "decay"}, {{"car", "-0.250"}}}), Not(HasSubstr("--bar")));
  EXPECT_THAT(table({"", {"class", "AP"}, {{"car", "0.250"}}}), HasSubstr("var(--bar) 25.0%"));
}

TEST(Html, WhatHasNoNumberIsLeftOut) {
  const std::string html =
      table({"", {"class", "AP", "APs"}, {{"car", "0.5", "-1.000"}, {"boat", "-1.000", "-"}}});
  EXPECT_THAT(html, HasSubstr("<td>–</td>"));
  EXPECT_THAT(html, HasSubstr("var(--bar) 50.0%"));
  EXPECT_THAT(html, Not(HasSubstr("boat")));
}

TEST(Html, ConfusionShowsSharesOfItsLine) {
  const std::vector<std::string> names = {"road", "car"};
  const std::string html = confusion_matrix({{30, 10}, {0, 0}}, names, names);
  EXPECT_THAT(html, HasSubstr(">75</td>"));
  EXPECT_THAT(html, HasSubstr(">25</td>"));
  EXPECT_THAT(html, HasSubstr("title=\"10 pixels\""));
  EXPECT_THAT(html, Not(HasSubstr("<th>car</th>"))) << "an absent class has no line";
}

}  // namespace
}  // namespace tessera::html
