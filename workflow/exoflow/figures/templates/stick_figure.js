"use strict";
// Plays the walks: numbers in the page, no library, nothing loaded.
(() => {
  const INK = "#24292f", GREY = "#6e7781", LINE = "#d8dee4";
  const RIGHT = "#0072b2", LEFT = "#d55e00", FORCE = "#009e73";
  // Rows of the points: trunk top, pelvis, hip, then knee, ankle, heel, toe of each leg.
  const LEGS = [[[2, 7, 8, 9, 10, 8], LEFT, 22], [[2, 3, 4, 5, 6, 4], RIGHT, 30]];
  const HEAD_MM = 100, TICK_MM = 500, FORCE_MM = 0.5, VIEW_MM = 2250, GROUND = 0.87;

  function draw(context, walk, time) {
    const { width, height } = context.canvas;
    const scale = height / VIEW_MM, count = walk.points.length;
    const frame = Math.floor(time / walk.interval_ms);
    const loop = Math.floor(frame / count), row = walk.points[frame % count];
    const offset = loop * walk.advance_mm, camera = row[2];
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.lineCap = context.lineJoin = "round";
    context.translate(width / 2, height * GROUND);
    const half = width / scale;
    if (walk.slope_deg) {
      context.setLineDash([8, 8]);
      line(context, [[-half * scale, 0], [half * scale, 0]], LINE, 2);
      context.setLineDash([]);
    }
    // Millimetres, y up, the pelvis in the middle; the ground turned by the slope.
    context.rotate(-walk.slope_deg * Math.PI / 180);
    context.scale(scale, -scale);
    context.translate(-camera, 0);
    line(context, [[camera - half, 0], [camera + half, 0]], INK, 12);
    const first = Math.ceil((camera + offset - half) / TICK_MM);
    for (let tick = first; tick * TICK_MM < camera + offset + half; tick++) {
      const x = tick * TICK_MM - offset;
      line(context, [[x, -6], [x - 45, -70]], GREY, 9);
    }
    const at = (index) => [row[2 * index], row[2 * index + 1]];
    for (const [chain, color, thick] of LEGS) line(context, chain.map(at), color, thick);
    const [top, pelvis, hip] = [at(0), at(1), at(2)];
    line(context, [hip, top], INK, 36);
    const long = Math.hypot(top[0] - pelvis[0], top[1] - pelvis[1]) || 1;
    context.beginPath();
    context.arc(top[0] + (top[0] - pelvis[0]) / long * HEAD_MM,
      top[1] + (top[1] - pelvis[1]) / long * HEAD_MM, HEAD_MM, 0, 2 * Math.PI);
    context.fillStyle = "#fff";
    context.fill();
    context.lineWidth = 30;
    context.stroke();
    const forces = walk.forces[frame % count];
    for (let leg = 0; leg < 8; leg += 4) {
      const [x, y, fx, fy] = forces.slice(leg, leg + 4);
      if (fx || fy) arrow(context, [x, y], [x + FORCE_MM * fx, y + FORCE_MM * fy]);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = GREY;
    context.font = `${Math.round(height / 27)}px system-ui, sans-serif`;
    const sign = walk.slope_deg > 0 ? "+" : "\u2212";
    const slope = walk.slope_deg ? `   slope ${sign}${Math.abs(walk.slope_deg)}°` : "";
    context.fillText(`${(time / 1000).toFixed(1)} s   ${((camera + offset) / 1000).toFixed(1)} m${slope}`,
      0.03 * width, 0.07 * height);
  }

  function line(context, points, color, thick) {
    context.beginPath();
    points.forEach(([x, y], index) => index ? context.lineTo(x, y) : context.moveTo(x, y));
    context.strokeStyle = color;
    context.lineWidth = thick;
    context.stroke();
  }

  function arrow(context, from, to) {
    line(context, [from, to], FORCE, 14);
    const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
    const barb = (turn) => [to[0] - 70 * Math.cos(angle + turn), to[1] - 70 * Math.sin(angle + turn)];
    line(context, [barb(0.45), to, barb(-0.45)], FORCE, 14);
  }

  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const player of document.querySelectorAll(".player")) {
    const walk = JSON.parse(player.querySelector("script").textContent);
    const canvas = player.querySelector("canvas"), button = player.querySelector("button");
    const context = canvas.getContext("2d");
    if (!context || !walk.points.length) continue;
    player.hidden = false;
    let playing = !calm, time = 0, last = null;
    const label = () => { button.textContent = playing ? "Pause" : "Play"; };
    const step = (now) => {
      if (last !== null) time += now - last;
      last = now;
      draw(context, walk, time);
      if (playing) requestAnimationFrame(step);
    };
    button.addEventListener("click", () => {
      playing = !playing;
      last = null;
      label();
      if (playing) requestAnimationFrame(step);
    });
    label();
    draw(context, walk, 0);
    if (playing) requestAnimationFrame(step);
  }
})();
