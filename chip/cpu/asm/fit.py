"""Fits the polynomials of math.go: Chebyshev, reweighted towards the least maximum error."""
import numpy as np
def fit(f, lo, hi, deg, name, weight=None, x0=None):
    # iteratively reweighted Chebyshev fit (Lawson) of f on [lo,hi]
    x=(lo+hi)/2+(hi-lo)/2*np.cos(np.pi*(np.arange(4000)+.5)/4000)
    y=f(x); w=np.ones_like(x) if weight is None else weight(x)
    u=np.ones_like(x)
    from numpy.polynomial import chebyshev as C, polynomial as P
    t=(x-(lo+hi)/2)/((hi-lo)/2)
    best=None
    for it in range(60):
        c=C.chebfit(t,y,deg,w=w*np.sqrt(u))
        e=np.abs((C.chebval(t,c)-y)*w)
        if best is None or e.max()<best[0]: best=(e.max(),c)
        u*= e/e.max()+1e-3; u/=u.mean()
    p=C.cheb2poly(best[1])
    # substitute t=(x-m)/h
    m=(lo+hi)/2;h=(hi-lo)/2
    q=np.zeros(1)
    for a in p[::-1]:
        q=P.polyadd(P.polymul(q,[-m/h,1/h]),[a])
    print(name,"maxerr",best[0]); print("  ",", ".join("%.9e"%v for v in q[:deg+1]))
    return q
L=np.log(2)/2*1.0001
# exp(r)=1+r+r^2*P(r)
fit(lambda r:(np.expm1(r)-r)/r**2 ,-L,L,4,"exp P", weight=lambda r:r**2)
fit(lambda r:(np.expm1(r)-r)/r**2 ,-L,L,5,"exp P5", weight=lambda r:r**2)
# log1p(f)=f-f^2/2+f^3*P(f)
a,b=np.sqrt(.5)-1,np.sqrt(2)-1
fit(lambda f:(np.log1p(f)-f+f*f/2)/f**3,a,b,7,"log P",weight=lambda f:np.abs(f**2))
fit(lambda f:(np.log1p(f)-f+f*f/2)/f**3,a,b,8,"log P8",weight=lambda f:np.abs(f**2))
# tanh(x)=x+x^3 P(x^2) for |x|<0.625
fit(lambda z:(np.tanh(np.sqrt(z))-np.sqrt(z))/np.sqrt(z)**3,1e-6,0.625**2,4,"tanh P",weight=lambda z:z)
fit(lambda z:(np.tanh(np.sqrt(z))-np.sqrt(z))/np.sqrt(z)**3,1e-6,0.625**2,5,"tanh P5",weight=lambda z:z)
import math
erf=np.vectorize(math.erf); erfc=np.vectorize(math.erfc)
# erf(x)=x+x*P(x^2), |x|<0.95
fit(lambda z:erf(np.sqrt(z))/np.sqrt(z)-1,1e-9,0.95**2,5,"erf P5")
fit(lambda z:erf(np.sqrt(z))/np.sqrt(z)-1,1e-9,0.95**2,6,"erf P6")
# log erfc(t) = -t + t*Q(t), t in [0.95,4]
g=lambda t:np.log(erfc(t))/t+1
fit(g,0.95,4.0,6,"erfc Q6",weight=lambda t:erfc(t)*t)
fit(g,0.95,4.0,7,"erfc Q7",weight=lambda t:erfc(t)*t)

def rational(f, c, m, n, name, rounds=1500):
    """Fits f(x) = x*P(x^2)/Q(x^2) on [0,c], least absolute error: linearised, reweighted by Q and the error."""
    x=c/2-c/2*np.cos(np.pi*(np.arange(3000)+.5)/3000)
    t=(x/c)**2; y=f(x)/x; u=np.ones_like(x); Q=np.ones_like(x); best=None
    for it in range(rounds):
        w=x*np.sqrt(u)/Q
        A=np.hstack([np.vander(t,m+1,increasing=True),-y[:,None]*np.vander(t,n+1,increasing=True)[:,1:]])
        s=np.linalg.lstsq(A*w[:,None],y*w,rcond=None)[0]
        p,q=s[:m+1],np.r_[1,s[m+1:]]
        Q=np.polynomial.polynomial.polyval(t,q)
        e=np.abs(np.polynomial.polynomial.polyval(t,p)/Q-y)*x
        if best is None or e.max()<best[0]: best=(e.max(),p,q)
        u*=(e/e.max()+1e-2)**.5; u/=u.mean()
    print(name,"maxerr",best[0])
    for k in best[1],best[2]: print("  ",", ".join("%.9e"%v for v in k/c**(2*np.arange(len(k)))))
# normal distribution function: 1/2 + x*P(x^2)/Q(x^2), |x|<=5.5
rational(lambda x:erf(x/np.sqrt(2))/2,5.5,5,5,"cdf P, Q")
