"""Shading as its formulas say, for numpy arrays and torch tensors alike: the readable twin of `shade_fast`.

What reaches the camera from a sample is the sum over emitters of radiance · reflection · cosine · solid angle.

**Emitter.** An ellipse that stands for the area A, at distance r, turned by the angle with cosine c_e: solid angle
A·c_e/r². Partly below the sample's horizon, by its angular half height s: the share (n·l + s)/(2s) of it is
seen, and the integral of the cosine over the visible part of a square is (n·l + s)²/(4s).

**Mirroring part** (Cook & Torrance 1982; Walter et al. 2007): F·D·G/(4·(n·v)·(n·l)), with the GGX distribution of
slopes p(x, y) = 1/(π·αu·αv·(1 + x²/αu² + y²/αv²)²), G = G1(v)·G1(l), G1 = 2/(1 + √(1 + α²tan²θ)) as in Mitsuba's
`roughconductor`, and the exact unpolarised Fresnel reflectance of a conductor (Born & Wolf, ch. 14; k = 0 is a
dielectric). The integral of D over an emitter is taken in the plane of slopes: with h = (l + v)/|l + v| the slopes are
(l + v)_t/(l + v)_n and (l + v)_b/(l + v)_n, and their derivatives turn the emitter's ellipse into another one. There p
over a disc is what a small patch sees of a parallel disc, known in closed form (Siegel & Howell, configuration
factors): with the disc's distance a and radius ρ in units of alpha

    q = ½·(1 − (1 + a² − ρ²)/√((1 + a² + ρ²)² − 4·a²·ρ²))

so a smooth metal shows a lamp as a bright disc with sharp edges and a rough one as a GGX highlight, and few emitters
stand for one light. An ellipse longer than wide is the disc of its shorter axis, spread along the longer one: α² grows
by `STRETCH` times what the ellipse has over the disc. `SMOOTHING` blurs what is left between neighbours.

**Diffuse part.** Lambert under a clear layer as in Mitsuba's `roughplastic`: albedo·T(n·l)·T(n·v)/(π·η²·(1 − F_in));
transmittance T and inner reflectance F_in of rough layers are fits to what that BSDF does (error of T for η = 1.5 below
0.03 up to 80° and α 0.05…0.7); like it they lose what bounces more than once between rough facets. The layer's weight
is `gloss`, the rest is Lambert's albedo/π.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from firstshift.render.appearance import Emitters, Materials
from firstshift.render.gbuffer import F32
from firstshift.render.shade_inputs import Samples

Array = Any
"""A numpy array or a torch tensor: only operators and methods that both have."""

SMOOTHING = 0.13
STRETCH = 0.6
"""What is added to α², as a share of squared semi-axes in the plane of slopes. It is divided by 1 + a²: the second
derivative of p relative to p falls so, and far tails do not notice how long an emitter is."""
EDGE = 0.82
"""Half of a tile's edge in semi-axes of its ellipse."""
ROUNDEST = 1e-3
"""An ellipse counts as at least so wide: the squared ratio of its axes."""
LEAST_COSINE = 0.02
"""Nearer to grazing than 1.1° nothing is told apart: on a sphere that is the outermost 0.02 % of its radius."""
MOST_BYTES = 64 * 2**20
"""Of intermediate values at one time."""
VALUES_OF_PAIR, VALUES_OF_CHANNEL, VALUES_OF_VISIBILITY, VALUES_OF_SAMPLE = 68, 18, 3, 100
"""That lie in memory together, at the worst moment of `reflected`: for each sample with each emitter of one light, the
same for each colour channel, for each sample with each emitter of any light, and for each sample. Fitted to the growth
of a process that shades with torch; numpy, which frees earlier, needs two thirds."""
# Reflectance of a rough clear layer, η = 1.5: rows belong to (1 − cos θ)^0, 2, 5, 14, columns to √α^0, 1, 2, 3.
LAYER = (
    (0.04208, -0.00612, -0.01837, 0.01712),
    (0.02428, 0.69823, -1.35865, 1.57845),
    (0.95305, -1.21333, -1.95948, 2.28519),
    (0.40395, -4.81921, 11.17844, -6.94977),
)


def reflected(
    sample: dict[str, Array], emitter: dict[str, Array], eta: Array, kappa: Array, visible: Array | None
) -> tuple[Array, Array, Array]:
    """For N samples and the E emitters of one light of radiance 1: mirrored (N, C), and the sums (N,) that the diffuse
    base is multiplied with: plain, and under the clear layer."""
    normal, tangent = sample["normal"], sample["tangent"]
    bitangent = cross(normal, tangent)
    view = sample["view"]
    vt, vb = dot(view, tangent), dot(view, bitangent)
    vn = dot(view, normal).clip(LEAST_COSINE, None)
    away = emitter["position"][None] - sample["position"][:, None]
    r2 = dot(away, away)
    to_light = away / (r2**0.5)[..., None]
    lt, lb, ln = (dot(to_light, axis[:, None]) for axis in (tangent, bitangent, normal))

    at_emitter = (-dot(to_light, emitter["direction"][None])).clip(0.0, None)
    share = ((at_emitter - emitter["cone_cos"]) * emitter["cone_steep"]).clip(0.0, 1.0)
    if visible is not None:
        share = share * visible
    solid = emitter["area"] * at_emitter / r2 * share

    rise = (normal @ emitter["first"].T) ** 2 + (normal @ emitter["second"].T) ** 2
    radius = EDGE * (rise / r2).clip(1e-10, None) ** 0.5
    risen = ((ln + radius) / (2 * radius)).clip(0.0, 1.0)
    cosine = risen**2 * radius + (ln - radius).clip(0.0, None)
    plain = solid * cosine
    # From here on the emitter counts as where the middle of its visible part is: only low ones are lifted by that.
    ln = (cosine / risen.clip(1e-4, None)).clip(LEAST_COSINE, 1.0)
    under_layer = plain * (1 - layer_reflectance(ln, sample["layer"]))

    vh = ((0.5 * (1 + lt * vt[:, None] + lb * vb[:, None] + ln * vn[:, None])).clip(1e-8, None)) ** 0.5
    up = ln + vn[:, None]
    hn = up / (2 * vh)
    su, sv = (lt + vt[:, None]) / up, (lb + vb[:, None]) / up
    au, av = sample["alpha"][:, 0, None], sample["alpha"][:, 1, None]
    along = [
        _slopes_along(axis, to_light, tangent, bitangent, normal, (su, sv), (lt, lb, ln), up * r2**0.5)
        for axis in (emitter["first"], emitter["second"])
    ]
    within, covering = within_ellipse(su, sv, along, au, av)

    shadow = masking((au * lt) ** 2 + (av * lb) ** 2, ln)
    mask = masking((au[:, 0] * vt) ** 2 + (av[:, 0] * vb) ** 2, vn)
    spreading = (1 + covering) / (hn / vh + covering / vn[:, None])
    weight = within * emitter["of_ellipse"] * share * risen * shadow * spreading * (mask / vn)[:, None]
    mirrored = (weight[..., None] * fresnel(vh[..., None], eta[:, None], kappa[:, None])).sum(1)
    # No mirror shows a lamp brighter than it is; at grazing angles the sum of ellipses could.
    return mirrored.clip(None, 1.0), plain.sum(1), under_layer.sum(1)


def _slopes_along(
    axis: Array, to_light: Array, tangent: Array, bitangent: Array, normal: Array, slopes: Any, local: Any, scale: Array
) -> tuple[Array, Array]:
    """How far the slopes move from the emitter's middle to the end of one semi-axis: dl = (axis − l·(l·axis))/r, and
    d(slope_t) = (dl_t − slope_t·dl_n)/(l + v)_n. `scale` is (l + v)_n·r."""
    towards = dot(to_light, axis[None])
    at, ab, an = (
        dot(axis[None], own[:, None]) - towards * part
        for own, part in zip((tangent, bitangent, normal), local, strict=True)
    )
    return (at - slopes[0] * an) / scale, (ab - slopes[1] * an) / scale


def within_ellipse(su: Array, sv: Array, along: Any, au: Array, av: Array) -> tuple[Array, Array]:
    """The share of the surface's slopes that an ellipse in their plane holds, and how wide it is beside them, squared:
    0 for a point, endless for a lamp all around. Its middle is (su, sv), `along` its two semi-axes."""
    (fu, fv), (gu, gv) = along
    muu = (fu**2 + gu**2) / au**2
    mvv = (fv**2 + gv**2) / av**2
    muv = (fu * fv + gu * gv) / (au * av)
    half_gap = (muu - mvv) / 2
    spread = (half_gap**2 + muv**2) ** 0.5
    longest = (muu + mvv) / 2 + spread + 1e-12
    shortest = ((muu + mvv) / 2 - spread).clip(0.0, None) + ROUNDEST * longest
    zu, zv = su / au, sv / av
    fading = (1 + shortest) / (1 + shortest + zu**2 + zv**2)
    stretch = STRETCH * fading
    round_part = 1 + SMOOTHING * fading * shortest
    wuu, wvv = round_part + stretch * (spread + half_gap), round_part + stretch * (spread - half_gap)
    wuv = stretch * muv
    det = round_part * (round_part + 2 * stretch * spread)
    a2 = (wvv * zu**2 - 2 * wuv * zu * zv + wuu * zv**2) / det
    area = abs(fu * gv - fv * gu) / (au * av)
    inside = disc_share(a2, shortest / det**0.5) * (area / shortest)
    return inside.clip(None, 1.0), shortest / (1 + a2)


def disc_share(a2: Array, rho2: Array) -> Array:
    """q of the docstring, without cancellation for small discs far away."""
    b = 1 + a2 - rho2
    root = (b**2 + 4 * rho2) ** 0.5
    small = 2 * rho2 / (root * (root + abs(b)))
    covers = (b < 0) * 1.0
    return small + covers * (1 - 2 * small)


def masking(alpha2_sine2: Array, cosine: Array) -> Array:
    return 2 / (1 + (1 + alpha2_sine2 / cosine**2) ** 0.5)


def fresnel(cosine: Array, eta: Array, kappa: Array) -> Array:
    """Unpolarised reflectance from air; exact."""
    c2 = cosine**2
    s2 = 1 - c2
    t0 = eta**2 - kappa**2 - s2
    a2b2 = (t0**2 + 4 * eta**2 * kappa**2) ** 0.5
    t1 = a2b2 + c2
    t2 = 2 * cosine * ((0.5 * (a2b2 + t0)).clip(0.0, None)) ** 0.5
    senkrecht = (t1 - t2) / (t1 + t2)
    t3 = c2 * a2b2 + s2**2
    t4 = t2 * s2
    return 0.5 * senkrecht * (1 + (t3 - t4) / (t3 + t4))


def layer_terms(alpha: Array, eta: Array) -> tuple[Array, Array, Array, Array]:
    """Coefficients of the layer's reflectance in powers of 1 − cos θ; scaled from η = 1.5 by the reflectance at normal
    incidence where that decides and by what is left to 1 at grazing angles."""
    root = alpha**0.5
    at_normal = ((eta - 1) / (eta + 1)) ** 2
    first, *others = (row[0] + root * (row[1] + root * (row[2] + root * row[3])) for row in LAYER)
    return (first * at_normal / 0.04, *(term * (1 - at_normal) / 0.96 for term in others))


def layer_reflectance(cosine: Array, terms: tuple[Array, Array, Array, Array]) -> Array:
    one, two, five, fourteen = (term[:, None] for term in terms)
    m = 1 - cosine
    m2 = m * m
    m5 = m2 * m2 * m
    return one + m2 * two + m5 * five + m5 * m5 * m2 * m2 * fourteen


def inner_factor(alpha: Array, eta: Array) -> Array:
    """1/(η²·(1 − F_in)): F_in of a smooth layer is d'Eon & Irving's fit (2011); what roughness takes away is a fit to
    `roughplastic`, 1 % for η = 1.5 and 3 % up to 2.3."""
    inner = -9.23372 + eta * (22.2272 + eta * (-20.9292 + eta * (10.2291 + eta * (-2.54396 + eta * 0.254913))))
    denser = eta - 1.5
    lost = (1.936 + 2.765 * denser) * (1 + 1.027 * denser * alpha) * alpha**2 / (alpha + 0.0603)
    return 1 / (eta**2 * (1 - inner) * (1 + lost))


def dot(a: Array, b: Array) -> Array:
    return (a * b).sum(-1)


def cross(a: Array, b: Array) -> Array:
    """(N, 3) × (N, 3), into the type of a."""
    out = a * 0
    for axis in range(3):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        out[:, axis] = a[:, i] * b[:, j] - a[:, j] * b[:, i]
    return out


def shade_all(samples: dict[str, Array], materials: dict[str, Array], emitters: list[dict[str, Array]]) -> list[Array]:
    """Radiance (N, C) under each light. Emitters come as one dictionary for each light."""
    row = samples["material"]
    metal, gloss = materials["is_metal"][row][:, None], materials["gloss"][row][:, None]
    alpha = (samples["alpha"][:, 0] * samples["alpha"][:, 1]) ** 0.5
    radiance = []
    for light, emitter in enumerate(emitters):
        eta, kappa = materials["eta"][row, light], materials["kappa"][row, light]
        layer_eta = eta[:, 0].clip(1.01, None)
        samples["layer"] = layer_terms(alpha, layer_eta)
        mirrored, plain, under_layer = reflected(samples, emitter, eta, kappa, emitter["visible"])
        vn = dot(samples["view"], samples["normal"]).clip(LEAST_COSINE, None)
        out = (1 - layer_reflectance(vn[:, None], samples["layer"]))[:, 0] * inner_factor(alpha, layer_eta)
        tint = (emitter["tint_mix"][None] * samples["tint"][:, None]).sum(-1)
        diffuse = (1 - gloss) * plain[:, None] + gloss * (out * under_layer)[:, None]
        base = materials["albedo"][row, light] * tint / math.pi * diffuse
        both = metal * tint * mirrored + (1 - metal) * (gloss * mirrored + base)
        radiance.append(both * emitter["colour"] * samples["open_share"][:, None])
    return radiance


def samples_at_once(emitters: Emitters, most_bytes: int, value_bytes: int) -> int:
    """So many that what is worked out between samples and radiance stays below `most_bytes`."""
    lights, channels = emitters.colour.shape
    of_one_light = int(np.bincount(emitters.light, minlength=1).max())
    values = (VALUES_OF_PAIR + VALUES_OF_CHANNEL * channels) * of_one_light
    values += VALUES_OF_VISIBILITY * len(emitters)
    values += VALUES_OF_SAMPLE + (VALUES_OF_CHANNEL + lights) * channels
    return max(1, int(most_bytes // (values * value_bytes)))


def shade_in_numpy(samples: Samples, materials: Materials, emitters: Emitters, visible: Any) -> F32:
    """In float64, in pieces."""
    lights, channels = emitters.colour.shape
    out = np.zeros((lights, len(samples), channels), dtype=np.float32)
    lit = np.flatnonzero(samples.material >= 0)
    step = samples_at_once(emitters, MOST_BYTES, value_bytes=8)
    table = {name: getattr(materials, name).astype(np.float64) for name in MATERIAL_VALUES}
    for start in range(0, len(lit), step):
        which = lit[start : start + step]
        seen = None if visible is None else visible[which]
        values = {name: getattr(samples, name)[which].astype(np.float64) for name in SAMPLE_VALUES}
        values["material"] = samples.material[which].astype(np.int64)
        for light, radiance in enumerate(shade_all(values, table, emitters_by_light(emitters, seen, np.float64))):
            out[light, which] = radiance
    return out


MATERIAL_VALUES = ("is_metal", "eta", "kappa", "albedo", "gloss")
SAMPLE_VALUES = ("position", "view", "normal", "tangent", "alpha", "tint", "open_share")


def emitters_by_light(emitters: Emitters, visible: Any, kind: Any) -> list[dict[str, Array]]:
    """The cone as `clip((cosine − cone_cos)·cone_steep, 0, 1)`: from 0 to 1 over the outer tenth of its angle."""
    no_cone = emitters.cone_cos <= -1
    half = np.arccos(np.clip(emitters.cone_cos.astype(np.float64), -1, 1))
    # Without a cone it shines forwards: the step at the cosine 0.
    steep = np.where(no_cone, 1e6, 1 / np.maximum(np.cos(0.9 * half) - np.cos(half), 1e-6))
    edge = np.where(no_cone, 0.0, emitters.cone_cos)
    axes = emitters.semi_axes_mm
    of_ellipse = emitters.area_mm2 / (math.pi * np.linalg.norm(axes, axis=2).prod(axis=1))
    lights = []
    for light in range(len(emitters.names)):
        of = np.flatnonzero(emitters.light == light)
        lights.append(
            {
                "position": emitters.position_mm[of].astype(kind),
                "direction": emitters.direction[of].astype(kind),
                "area": emitters.area_mm2[of].astype(kind),
                "across": emitters.across_mm[of].astype(kind),
                "first": axes[of, 0].astype(kind),
                "second": axes[of, 1].astype(kind),
                "of_ellipse": of_ellipse[of].astype(kind),
                "cone_cos": edge[of].astype(kind),
                "cone_steep": steep[of].astype(kind),
                "colour": emitters.colour[light].astype(kind),
                "tint_mix": emitters.tint_mix[light].astype(kind),
                "visible": None if visible is None else visible[:, of].astype(kind) / 255,
            }
        )
    return lights
